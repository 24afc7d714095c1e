import type { MatchField } from './fields.js';

/** A value of a field. A pattern has `*` for any run of characters, and `\` before a literal one. */
export interface QueryValue {
  readonly text: string;
  readonly isPattern: boolean;
}

export interface Choice {
  /** One of these; empty: anything. */
  readonly any: readonly QueryValue[];
  /** None of these. */
  readonly none: readonly QueryValue[];
}

/** A moment, as it was written: an instant, a time in the reader's zone, or so long ago. */
export type QueryTime =
  | { readonly sort: 'instant'; readonly text: string }
  | { readonly sort: 'local'; readonly text: string }
  | { readonly sort: 'ago'; readonly seconds: number }
  | { readonly sort: 'day'; readonly day: 'today' | 'yesterday' };

export type DurationOperator = '>' | '>=' | '<' | '<=' | '=';

export interface DurationBound {
  readonly operator: DurationOperator;
  readonly seconds: number;
}

/** What a query asks for. All of it has to hold. */
export interface LogQuery {
  readonly fields: Readonly<Partial<Record<MatchField, Choice>>>;
  readonly ttl: readonly DurationBound[];
  readonly since: QueryTime | null;
  readonly before: QueryTime | null;
  /** Parts of the text that all have to be there, and that none may. */
  readonly text: { readonly all: readonly string[]; readonly none: readonly string[] };
}

export const EMPTY_QUERY: LogQuery = {
  fields: {},
  ttl: [],
  since: null,
  before: null,
  text: { all: [], none: [] },
};

/** The query with one more value of a field: to find, or to leave out. It is never both. */
export function withValue(
  query: LogQuery,
  field: MatchField,
  value: QueryValue,
  how: 'any' | 'none',
): LogQuery {
  const rest = withoutValue(query, field, value);
  const choice = rest.fields[field] ?? { any: [], none: [] };
  return {
    ...rest,
    fields: { ...rest.fields, [field]: { ...choice, [how]: [...choice[how], value] } },
  };
}

export function withoutValue(query: LogQuery, field: MatchField, value: QueryValue): LogQuery {
  const choice = query.fields[field];
  if (!choice) return query;
  const isOther = (one: QueryValue): boolean =>
    one.text !== value.text || one.isPattern !== value.isPattern;
  const left = { any: choice.any.filter(isOther), none: choice.none.filter(isOther) };
  const { [field]: _, ...others } = query.fields;
  const isEmpty = left.any.length === 0 && left.none.length === 0;
  return { ...query, fields: isEmpty ? others : { ...query.fields, [field]: left } };
}

/** The query without what it asks of one field, so that the other values of it can be counted. */
export function withoutField(query: LogQuery, field: MatchField): LogQuery {
  const { [field]: _, ...fields } = query.fields;
  return { ...query, fields };
}
