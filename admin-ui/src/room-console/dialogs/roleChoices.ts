import {
  type DiffSentence,
  diffGrants,
  exceeds,
  GRANT_CATALOGUE,
  NO_GRANTS,
  publishableSources,
  type RoleGrants,
  sourceName,
  TRACK_SOURCES,
} from '@rolecall/server/grants';
import type { RoleTemplate } from '../../api/records';
import type { RoleChange } from '../commands/useOpenDialog';

export type Change = Pick<DiffSentence, 'text' | 'kind'>;

export interface RoleChoices {
  /** What changes something for this person, the smallest step first. */
  offered: { template: RoleTemplate; changes: readonly Change[] }[];
  /** What they have already. */
  same: RoleTemplate[];
  /** More than this operator may give. */
  beyond: { template: RoleTemplate; missing: string[] }[];
}

export interface RoleQuestion {
  kind: RoleChange;
  published: readonly RoleTemplate[];
  ceiling: RoleGrants | null;
  /** What the one person has now; undefined for several. */
  now: RoleGrants | undefined;
  /** Their role, when it is only lent: choosing it again changes how long it lasts. */
  lent: string | null;
}

/** The published roles by what each would really change. */
export function roleChoices({ kind, published, ceiling, now, lent }: RoleQuestion): RoleChoices {
  const choices: RoleChoices = { offered: [], same: [], beyond: [] };
  for (const template of published) {
    const grants = template.grants as RoleGrants;
    const missing = exceeds(grants, ceiling).map(grantTitle);
    const changes = changesOf(now ?? NO_GRANTS, grants);
    if (missing.length > 0) choices.beyond.push({ template, missing });
    else if (now && changes.length === 0 && template.key !== lent) choices.same.push(template);
    else choices.offered.push({ template, changes });
  }
  if (now) choices.offered.sort((a, b) => stepOf(kind, a.changes) - stepOf(kind, b.changes));
  return choices;
}

const MIXED = 100;

/** A promotion gives and takes nothing, a demotion the other way round; whatever does not comes last. */
function stepOf(kind: RoleChange, changes: readonly Change[]): number {
  const meant = kind === 'demote' ? 'lose' : 'gain';
  const against = changes.filter((change) => change.kind !== meant).length;
  return against * MIXED + changes.length;
}

/** Sources by name alone, "screen"; everything else in its sentence. */
function changesOf(before: RoleGrants, after: RoleGrants): Change[] {
  const [had, has] = [publishableSources(before), publishableSources(after)];
  const sources = TRACK_SOURCES.filter((source) => had.includes(source) !== has.includes(source));
  const others = diffGrants(before, after).filter(
    ({ grant }) => grant !== 'canPublishSources' || sources.length === 0,
  );
  return [
    ...sources.map((source): Change => {
      return { text: sourceName(source), kind: has.includes(source) ? 'gain' : 'lose' };
    }),
    ...others,
  ];
}

/** `canPublishSources.camera` is written like the source, everything else like its grant. */
function grantTitle(key: string): string {
  const [grant, source] = key.split('.');
  if (grant === 'canPublishSources' && source) return sourceName(source);
  return GRANT_CATALOGUE.find((each) => each.key === key)?.title.toLocaleLowerCase() ?? key;
}
