import type { useTranslate } from 'react-admin';
import {
  GRANT_CATALOGUE,
  hasFlag,
  publishableSources,
  type RoleGrants,
} from '@rolecall/server/grants';

/** One line for a list: what tells this role from the next. */
export function grantSummary(
  grants: RoleGrants,
  translate: ReturnType<typeof useTranslate>,
): string {
  const say = (key: string, options?: object) =>
    translate(`role_templates.summary.${key}`, options);
  const parts: string[] = [];
  if (!grants.roomJoin) parts.push(say('no_join'));
  const sources = publishableSources(grants).map((source) =>
    translate(`role_templates.sources.${source}`).toLocaleLowerCase(),
  );
  if (sources.length > 0) parts.push(say('publishes', { sources: sources.join(', ') }));
  if (grants.canSubscribe) parts.push(say('receives'));
  if (grants.canPublishData) parts.push(say('data'));
  if (grants.hidden) parts.push(say('hidden'));
  if (grants.recorder) parts.push(say('recorder'));
  if (grants.agent) parts.push(say('agent'));
  if (grants.roomAdmin) parts.push(say('room_admin'));
  const powers = GRANT_CATALOGUE.filter(
    (grant) => grant.kind === 'flag' && grant.isServerWide && hasFlag(grants, grant.key),
  );
  if (powers.length > 0) parts.push(say('powers', { smart_count: powers.length }));
  return parts.join(' · ') || say('nothing');
}
