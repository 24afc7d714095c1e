import type { Span } from '../chart/scale';
import {
  EMPTY_QUERY,
  type LogQuery,
  type MatchField,
  parseQuery,
  printQuery,
  withoutValue,
  withValue,
} from './language';

/** Filters of older links, each for one field. */
const FIELDS = ['room', 'identity', 'actor', 'kind', 'outcome'] as const;
export const LOG_PARAMS = ['query', 'from', 'to', 'since', 'q', ...FIELDS] as const;
const LONGEST = 8_000;

export interface LogSearch {
  /** In the order and form in which it is always written. */
  text: string;
  query: LogQuery;
  /** A part of the time, chosen in the picture. */
  brush: Span | null;
}

/** What an address asks for. What is wrong in it is left out, as if it was not there. */
export function searchOf(params: URLSearchParams, base: string): LogSearch {
  const given = params.get('query');
  const query =
    given === null
      ? withLinked(parseQuery(base).query, params)
      : parseQuery(given.slice(0, LONGEST)).query;
  return { text: printQuery(query), query, brush: brushOf(params) };
}

function withLinked(base: LogQuery, params: URLSearchParams): LogQuery {
  let query = base;
  for (const field of FIELDS) {
    const text = params.get(field) ?? '';
    const { query: parsed } = parseQuery(
      text === '' || text.length > 256 ? '' : `${field}:${field === 'kind' ? text : quoted(text)}`,
    );
    for (const value of parsed.fields[field]?.any ?? []) {
      query = withValue(query, field, value, 'any');
    }
  }
  const since = parseQuery(`since:${params.get('since') ?? ''}`).query;
  const words = parseQuery(quoted(params.get('q') ?? '').slice(0, 258)).query.text.all;
  return {
    ...query,
    since: since.since ?? query.since,
    text: { ...query.text, all: [...query.text.all, ...words] },
  };
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

function brushOf(params: URLSearchParams): Span | null {
  const [from, to] = ['from', 'to'].map((key) => Date.parse(params.get(key) ?? ''));
  if (from === undefined || to === undefined || !(from < to)) return null;
  return { from, to };
}

/** The address of a search: the query, always, so that an empty one asks for everything. */
export function paramsOf({ query, brush }: Pick<LogSearch, 'query' | 'brush'>): URLSearchParams {
  const params = new URLSearchParams({ query: printQuery(query) });
  if (brush) {
    params.set('from', new Date(brush.from).toISOString());
    params.set('to', new Date(brush.to).toISOString());
  }
  return params;
}

/** The query limited to a part of the time. */
export function within(query: LogQuery, span: Span | null): LogQuery {
  if (!span) return query;
  const instant = (at: number) => ({ sort: 'instant' as const, text: new Date(at).toISOString() });
  return { ...query, since: instant(span.from), before: instant(span.to) };
}

export type Choosing = 'only' | 'without';

/** Asks for a value, leaves it out, or no longer does, if it was asked for so already. */
export function toggled(query: LogQuery, field: MatchField, text: string, how: Choosing): LogQuery {
  const value = { text, isPattern: false };
  const list = how === 'only' ? 'any' : 'none';
  const isChosen = query.fields[field]?.[list].some((one) => one.text === text && !one.isPattern);
  return isChosen ? withoutValue(query, field, value) : withValue(query, field, value, list);
}

export const isAnythingAsked = (query: LogQuery) => printQuery(query) !== printQuery(EMPTY_QUERY);

/** What is asked for already, and what was just written; a newer time takes the place of the older. */
export function joined(query: LogQuery, added: LogQuery): LogQuery {
  let result = query;
  for (const [field, { any, none }] of Object.entries(added.fields)) {
    for (const value of any) result = withValue(result, field as MatchField, value, 'any');
    for (const value of none) result = withValue(result, field as MatchField, value, 'none');
  }
  const more = (before: readonly string[], words: readonly string[]) => [
    ...new Set([...before, ...words]),
  ];
  return {
    ...result,
    ttl: [...result.ttl, ...added.ttl],
    since: added.since ?? result.since,
    before: added.before ?? result.before,
    text: {
      all: more(result.text.all, added.text.all),
      none: more(result.text.none, added.text.none),
    },
  };
}
