import { containsText, searchPattern } from '../../database/text-search.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import {
  type DurationOperator,
  isKindGroup,
  KIND_GROUPS,
  type LogQuery,
  type MatchField,
  OUTCOME_WORDS,
  type QueryValue,
} from '../query/index.js';
import { numberIn } from '../payload-sql.js';
import { likeOfText } from './like-of-text.js';

/** Adds a value to the statement and answers with its place, such as `$3`. */
export type Parameter = (value: unknown) => string;

export interface NamedActors {
  readonly ids: readonly string[];
  readonly isOperatorsOnly: boolean;
}

/** What a search asks for, with names and times looked up. */
export interface LogSearch {
  readonly query: LogQuery;
  readonly from: Date | null;
  readonly to: Date | null;
  /** Name patterns of the rooms that its reader may see; null: all. */
  readonly rooms: readonly string[] | null;
  /** What is asked for as `actor`, where it is a part of the name of operators or API keys. */
  readonly actors: ReadonlyMap<string, NamedActors>;
  /** An entry of the token that is asked for as `jti`: whom later entries about it are about. */
  readonly token: { readonly identity: string; readonly issuedAt: Date } | null;
}

const OF_TOKENS = ['token.issued', 'token.refused', 'gate.admitted', 'gate.refused'];
const OF_ORIGIN = OF_TOKENS.map((kind) => `'${kind}'`).join(', ');

/** The role that an entry is about: its own, that after it, or that before. */
export const TEMPLATE = `CASE WHEN kind LIKE 'participant.%' THEN NULL
  ELSE coalesce(payload->>'template', payload->'after'->>'template', payload->'before'->>'template') END`;
/** Where the role of a token came from. */
export const ORIGIN = `CASE WHEN kind IN (${OF_ORIGIN}) THEN payload->>'source' END`;
/** Who acted, in one word: an id where there is one. */
export const ACTOR = `coalesce(actor_id, actor_label)`;

/** The text that free text is looked for in. */
const TEXT_COLUMNS = ['kind', 'room', 'identity', 'actor_label', 'reason', 'request_id'];

/** Kinds that a value of `kind` means; null: it is a pattern. */
export function kindsOf({ text, isPattern }: QueryValue): readonly string[] | null {
  if (isPattern) return null;
  return isKindGroup(text) ? KIND_GROUPS[text] : [text];
}

export function outcomesOf({ text }: QueryValue): readonly string[] {
  return OUTCOME_WORDS[text] ?? [text];
}

/** Everything that has to hold, without the times. */
export function conditionsOfSearch(search: LogSearch, parameter: Parameter): string[] {
  const { query } = search;
  const conditions: string[] = [];
  for (const [field, choice] of Object.entries(query.fields)) {
    const of = (value: QueryValue) => matches(field as MatchField, value, search, parameter);
    if (choice.any.length > 0) conditions.push(`(${choice.any.map(of).join(' OR ')})`);
    // What is null is not left out.
    for (const value of choice.none) conditions.push(`NOT coalesce(${of(value)}, false)`);
  }
  for (const { operator, seconds } of query.ttl) conditions.push(ttl(operator, seconds, parameter));
  for (const text of query.text.all) conditions.push(hasText(text, parameter));
  for (const text of query.text.none) {
    conditions.push(`NOT coalesce(${hasText(text, parameter)}, false)`);
  }
  const ofRooms = conditionOfRooms(search, parameter);
  if (ofRooms !== null) conditions.push(ofRooms);
  return conditions;
}

/** Null: its reader may see all rooms. */
export function conditionOfRooms({ rooms }: LogSearch, parameter: Parameter): string | null {
  if (rooms === null) return null;
  // What names no room (sign-ins, templates) is not about their rooms.
  return `room LIKE ANY(${parameter(rooms.map(likeOfPattern))}::text[])`;
}

export function timesOfSearch({ from, to }: LogSearch, parameter: Parameter): string[] {
  return [
    ...(from ? [`at >= ${parameter(from)}::timestamptz`] : []),
    ...(to ? [`at < ${parameter(to)}::timestamptz`] : []),
  ];
}

function matches(
  field: MatchField,
  value: QueryValue,
  search: LogSearch,
  parameter: Parameter,
): string {
  const { text } = value;
  switch (field) {
    case 'room':
    case 'identity':
    case 'ip':
      return same(field, value, parameter);
    case 'template':
      return same(TEMPLATE, value, parameter);
    case 'via':
      return same(ORIGIN, value, parameter);
    case 'requestId':
      return `request_id = ${parameter(text)}`;
    case 'actorKind':
      return `actor_kind = ${parameter(text)}`;
    case 'outcome':
      return `outcome = ANY(${parameter(outcomesOf(value))}::text[])`;
    case 'kind': {
      const kinds = kindsOf(value);
      return kinds ? `kind = ANY(${parameter(kinds)}::text[])` : same('kind', value, parameter);
    }
    case 'actor':
      return actor(value, search, parameter);
    case 'operationId':
      return `(payload->>'operationId' = ${parameter(text)} OR payload->>'bulk' = ${parameter(text)})`;
    case 'jti':
      return hasMember(['jti', 'issuedJti'], text, parameter);
    case 'hash':
      return `(kind = 'token.issued' AND ${hasMember(['tokenHash'], text, parameter)})`;
  }
}

function same(column: string, { text, isPattern }: QueryValue, parameter: Parameter): string {
  return isPattern
    ? `(${column}) LIKE ${parameter(likeOfPattern(text))}`
    : `(${column}) = ${parameter(text)}`;
}

/** Operators and keys are found by their ids, under whatever name they acted. */
function actor(value: QueryValue, { actors }: LogSearch, parameter: Parameter): string {
  const named = value.isPattern ? undefined : actors.get(value.text);
  if (named) {
    const kinds = named.isOperatorsOnly ? `= 'operator'` : `IN ('operator', 'api_key')`;
    return `(actor_kind ${kinds} AND actor_id = ANY(${parameter(named.ids)}::text[]))`;
  }
  const like = value.isPattern ? likeOfText(value.text) : searchPattern(value.text);
  const label = containsText(parameter(like), ['actor_label']);
  return `(actor_id = ${parameter(value.text)} OR ${label})`;
}

/** Canonical JSON has no spaces: a member is found in its text. */
function hasMember(names: readonly string[], text: string, parameter: Parameter): string {
  const quoted = JSON.stringify(text);
  const found = names.map(
    (name) => `strpos(payload::text, ${parameter(`"${name}":${quoted}`)}) > 0`,
  );
  return `(${found.join(' OR ')})`;
}

function hasText(text: string, parameter: Parameter): string {
  const exact = parameter(text);
  return `(${containsText(parameter(searchPattern(text)), TEXT_COLUMNS)}
    OR payload->>'jti' = ${exact} OR payload->>'operationId' = ${exact})`;
}

function ttl(operator: DurationOperator, seconds: number, parameter: Parameter): string {
  return `(CASE WHEN kind = 'token.issued' THEN ${numberIn('ttl')} END
    ${operator} ${parameter(seconds)}::float8)`;
}
