import { FLAG_KEYS } from './grant-catalogue.js';
import { hasFlag, type RoleGrants } from './role-grants.js';

/** The names of the grants that go beyond `ceiling`; null = no ceiling. */
export function exceeds(grants: RoleGrants, ceiling: RoleGrants | null): string[] {
  if (ceiling === null) return [];
  const beyond: string[] = FLAG_KEYS.filter(
    (key) => hasFlag(grants, key) && !hasFlag(ceiling, key),
  );
  for (const source of grants.canPublishSources) {
    if (!ceiling.canPublishSources.includes(source)) beyond.push(`canPublishSources.${source}`);
  }
  if (grants.destinationRoom !== '' && grants.destinationRoom !== ceiling.destinationRoom) {
    beyond.push('destinationRoom');
  }
  return beyond;
}
