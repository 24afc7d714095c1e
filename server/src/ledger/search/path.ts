import { FREQUENT_KINDS, LEDGER_KINDS, type OutcomeFamily, OUTCOMES_OF } from '../ledger-kinds.js';
import type { QueryValue } from '../query/index.js';
import { kindsOf, type LogSearch, outcomesOf, type Parameter } from './conditions.js';

/** How entries are read in their order: by an index on one value, or by the time alone. */
export interface Path {
  readonly by: 'identity' | 'room' | 'operator' | 'kind' | 'time';
  /** A condition for each value that is read by itself; none: all entries. */
  readonly branches: (parameter: Parameter) => string[];
  /** The kinds that it leaves, all of their entries; null: every kind. Left out: not all of them. */
  readonly kinds?: readonly string[] | null;
  /** Whether the branches say all that the search asks for but its times. */
  readonly isWhole: boolean;
}

/** The same for searches that read the same entries. */
export function keyOfPath(path: Path): string {
  const values: unknown[] = [];
  path.branches((value) => `$${values.push(value)}`);
  return JSON.stringify([path.by, values]);
}

/** More values than this are read by the time. */
const MAX_BRANCHES = 40;

const BY_TIME: Omit<Path, 'isWhole'> = { by: 'time', branches: () => [], kinds: null };

/** The index that leaves least to be looked at. The order is that of how much they usually leave. */
export function pathOf(search: LogSearch): Path {
  const { query, rooms, token } = search;
  const { fields } = query;
  const asked =
    Object.values(fields).reduce(
      (sum, { any, none }) => sum + (any.length > 0 ? 1 : 0) + none.length,
      0,
    ) +
    query.ttl.length +
    query.text.all.length +
    query.text.none.length +
    (rooms === null ? 0 : 1);
  const isWhole = asked === 1;
  const exactly = (values: readonly QueryValue[]) =>
    values.length > 0 &&
    values.length <= MAX_BRANCHES &&
    values.every(({ isPattern }) => !isPattern);
  const equal = (column: string, values: readonly string[]) => (parameter: Parameter) =>
    values.map((value) => `${column} = ${parameter(value)}`);
  const { identity, room, actor, kind, outcome } = fields;
  if (identity && exactly(identity.any)) {
    const texts = identity.any.map(({ text }) => text);
    return { by: 'identity', branches: equal('identity', texts), isWhole };
  }
  if (token) {
    return { by: 'identity', branches: equal('identity', [token.identity]), isWhole: false };
  }
  if (room && exactly(room.any)) {
    const texts = room.any.map(({ text }) => text);
    return { by: 'room', branches: equal('room', texts), isWhole };
  }
  const operators = operatorsOf(search, actor?.any ?? []);
  if (operators && operators.length <= MAX_BRANCHES) {
    const branches = (parameter: Parameter) =>
      operators.map((id) => `actor_kind = 'operator' AND actor_id = ${parameter(id)}`);
    return { by: 'operator', branches, isWhole };
  }
  const kinds = (kind?.any ?? []).map(kindsOf);
  const rare = kinds.every((all) => all !== null)
    ? [...new Set<string>(kinds.flatMap((all) => all ?? []))]
    : [];
  if (rare.length > 0 && rare.length <= MAX_BRANCHES && !rare.some(isFrequent)) {
    return { by: 'kind', branches: equal('kind', rare), kinds: rare, isWhole };
  }
  const ofOutcomes = kindsWith([...new Set((outcome?.any ?? []).flatMap(outcomesOf))]);
  if (ofOutcomes.length > 0 && ofOutcomes.length <= MAX_BRANCHES) {
    return {
      by: 'kind',
      branches: equal('kind', ofOutcomes),
      kinds: ofOutcomes,
      isWhole: false,
    };
  }
  if (rooms && rooms.length > 0 && rooms.length <= MAX_BRANCHES && !rooms.some(isPattern)) {
    return { by: 'room', branches: equal('room', rooms), isWhole };
  }
  return { ...BY_TIME, isWhole: asked === 0 };
}

/** Null: not all of them mean operators alone. */
function operatorsOf({ actors }: LogSearch, asked: readonly QueryValue[]): string[] | null {
  const named = asked.map(({ text, isPattern }) => (isPattern ? undefined : actors.get(text)));
  if (named.length === 0 || !named.every((one) => one?.isOperatorsOnly)) return null;
  return [...new Set(named.flatMap((one) => one?.ids ?? []))];
}

/** Kinds whose entries may have one of the outcomes; none: those of a frequent kind may as well. */
function kindsWith(outcomes: readonly string[]): string[] {
  const isAny = (declared: OutcomeFamily): boolean =>
    outcomes.some((outcome) => OUTCOMES_OF[declared].includes(outcome));
  const kinds = Object.entries(LEDGER_KINDS).flatMap(([kind, { outcomes: declared }]) =>
    isAny(declared) ? [kind] : [],
  );
  return kinds.some(isFrequent) ? [] : kinds;
}

function isFrequent(kind: string): boolean {
  return FREQUENT_KINDS.includes(kind);
}

function isPattern(room: string): boolean {
  return /[*\\]/.test(room);
}
