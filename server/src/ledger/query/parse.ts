import { groupOfKind, isKindGroup, KIND_GROUPS } from '../kind-groups.js';
import { LEDGER_KINDS } from '../ledger-kinds.js';
import {
  fieldNamed,
  isMatchField,
  type MatchField,
  QUERY_FIELDS,
  type QueryField,
} from './fields.js';
import {
  type Choice,
  type DurationBound,
  type DurationOperator,
  EMPTY_QUERY,
  type LogQuery,
  type QueryTime,
  type QueryValue,
} from './log-query.js';
import { nearest } from './nearest.js';
import { type ScannedTerm, type ScannedValue, scanQuery, type ScanProblem } from './scan.js';
import { parseDuration, parseTime } from './times.js';

/** What can be wrong. Words for it: `wrong-query.ts`, and the messages of the dashboard. */
export type WrongQuery =
  | 'too_long'
  | 'open_quote'
  | 'after_quote'
  | 'no_field'
  | 'too_many_values'
  | 'needs_value'
  | 'not_text'
  | 'value_too_long'
  | 'too_many_texts'
  | 'needs_colon'
  | 'one_value'
  | 'no_duration'
  | 'not_compared'
  | 'use_instead'
  | 'twice'
  | 'no_moment'
  | 'no_such_value'
  | 'no_hash'
  | 'no_kind';

/** What is wrong, where, and what is possible there. */
export interface QueryError {
  readonly at: number;
  readonly length: number;
  readonly word: string;
  readonly code: WrongQuery;
  /** What the words for it name. */
  readonly parts: Readonly<Record<string, string | number>>;
  readonly possible: readonly string[];
}

type Wrong = Pick<QueryError, 'code'> & Partial<Pick<QueryError, 'parts' | 'possible'>>;

export interface ParsedTerm extends ScannedTerm {
  /** Null: the name is none of a field. */
  readonly field: QueryField | null;
}

export interface ParsedQuery {
  /** Without the terms that are wrong. */
  readonly query: LogQuery;
  readonly errors: readonly QueryError[];
  /** All of the text, in its order. */
  readonly terms: readonly ParsedTerm[];
}

export const MAX_QUERY = 8_000;
const MAX_VALUES = 100;
/** Each is looked for in every entry that no index leaves out. */
const MAX_TEXTS = 10;
const MAX_VALUE = 1_024;
const encoder = new TextEncoder();

/** Reads a query such as `room:town-hall outcome:refused ttl>1h -identity:omar "free text"`. */
export function parseQuery(text: string): ParsedQuery {
  const { terms: scanned, problems } = scanQuery(text, (name) => fieldNamed(name) !== null);
  const terms = scanned.map((term) => ({
    ...term,
    field: term.name === null ? ('text' as const) : fieldNamed(term.name),
  }));
  const reader = new Reader(text);
  for (const problem of problems) reader.addProblem(problem);
  if (text.length > MAX_QUERY) {
    reader.fail(MAX_QUERY, text.length - MAX_QUERY, {
      code: 'too_long',
      parts: { most: MAX_QUERY },
    });
  }
  for (const term of terms) reader.add(term);
  return {
    query: reader.query(),
    errors: reader.errors.toSorted((a, b) => a.at - b.at),
    terms,
  };
}

class Reader {
  readonly errors: QueryError[] = [];
  private readonly fields = new Map<MatchField, { any: QueryValue[]; none: QueryValue[] }>();
  private readonly ttl: DurationBound[] = [];
  private readonly all: string[] = [];
  private readonly none: string[] = [];
  private since: QueryTime | null = null;
  private before: QueryTime | null = null;
  private values = 0;

  constructor(private readonly text: string) {}

  query(): LogQuery {
    const { ttl, since, before, all, none } = this;
    const fields: Partial<Record<MatchField, Choice>> = Object.fromEntries(this.fields);
    return { ...EMPTY_QUERY, fields, ttl, since, before, text: { all, none } };
  }

  addProblem({ at, length, sort }: ScanProblem): void {
    this.fail(at, length, { code: sort });
  }

  add(term: ParsedTerm): void {
    const { field, name, start, values } = term;
    if (field === null) {
      const at = start + (term.isExcluded ? 1 : 0);
      const given = name as string;
      this.fail(at, given.length, {
        code: 'no_field',
        parts: { name: given },
        possible: nearest(given, Object.keys(QUERY_FIELDS)),
      });
      return;
    }
    const { sort } = QUERY_FIELDS[field];
    this.values += values.length;
    if (this.values > MAX_VALUES) {
      const parts = { most: MAX_VALUES };
      this.fail(start, term.end - start, { code: 'too_many_values', parts });
      return;
    }
    for (const value of values) if (!this.isUsable(value, field)) return;
    if (sort === 'text') this.addText(term);
    else if (sort === 'duration') this.addDuration(term);
    else if (sort === 'time') this.addTime(term, field as 'since' | 'before');
    else if (isMatchField(field)) this.addMatch(term, field);
  }

  fail(at: number, length: number, { code, parts = {}, possible = [] }: Wrong): void {
    const word = this.text.slice(at, at + length);
    this.errors.push({ at, length, word, code, parts, possible });
  }

  private failValue(value: ScannedValue, wrong: Wrong): void {
    this.fail(value.start, value.end - value.start, wrong);
  }

  private failTerm(term: ParsedTerm, wrong: Wrong): void {
    this.fail(term.start, term.end - term.start, wrong);
  }

  private isUsable(value: ScannedValue, field: QueryField): boolean {
    const { text } = value;
    if (text === '' && field !== 'text') {
      const { words, example } = QUERY_FIELDS[field];
      const parts = { field, example };
      this.failValue(value, { code: 'needs_value', parts, possible: words });
      return false;
    }
    if (!text.isWellFormed() || text.includes('\u0000')) {
      this.failValue(value, { code: 'not_text' });
      return false;
    }
    if (encoder.encode(text).length > MAX_VALUE) {
      this.failValue(value, { code: 'value_too_long', parts: { most: MAX_VALUE } });
      return false;
    }
    return true;
  }

  private addText({ values, isExcluded }: ParsedTerm): void {
    for (const value of values) {
      if (value.text === '') continue;
      if (this.all.length + this.none.length >= MAX_TEXTS) {
        return this.failValue(value, { code: 'too_many_texts', parts: { most: MAX_TEXTS } });
      }
      (isExcluded ? this.none : this.all).push(value.text);
    }
  }

  private addMatch(term: ParsedTerm, field: MatchField): void {
    if (term.operator !== ':' && term.operator !== '=') {
      const possible = [QUERY_FIELDS[field].example];
      this.failTerm(term, { code: 'needs_colon', parts: { field }, possible });
      return;
    }
    const choice = this.fields.get(field) ?? { any: [], none: [] };
    const list = term.isExcluded ? choice.none : choice.any;
    for (const scanned of term.values) {
      const value = toValue(scanned, field);
      const wrong = wrongValue(value, field);
      if (wrong) this.failValue(scanned, wrong);
      else if (!list.some((one) => isSame(one, value))) list.push(value);
    }
    if (choice.any.length > 0 || choice.none.length > 0) this.fields.set(field, choice);
  }

  private addDuration(term: ParsedTerm): void {
    const [value, second] = term.values as [ScannedValue, ScannedValue?];
    const parts = { field: 'ttl' };
    if (second) return this.failValue(second, { code: 'one_value', parts });
    const seconds = parseDuration(value.text);
    if (seconds === null) {
      return this.failValue(value, { code: 'no_duration', possible: DURATION_EXAMPLES });
    }
    const operator = term.operator === ':' ? '=' : (term.operator as DurationOperator);
    if (!term.isExcluded) this.ttl.push({ operator, seconds });
    else if (operator === '=') {
      this.fail(term.start, 1, { code: 'not_compared', parts, possible: ['ttl<1h'] });
    } else this.ttl.push({ operator: OPPOSITE[operator], seconds });
  }

  private addTime(term: ParsedTerm, field: 'since' | 'before'): void {
    const [value, second] = term.values as [ScannedValue, ScannedValue?];
    if (second) return this.failValue(second, { code: 'one_value', parts: { field } });
    if (term.isExcluded) {
      const other = field === 'since' ? 'before' : 'since';
      const parts = { field, other };
      return this.fail(term.start, 1, { code: 'use_instead', parts, possible: [other] });
    }
    if (this[field] !== null) return this.failTerm(term, { code: 'twice', parts: { field } });
    const time = parseTime(value.text);
    if (time) this[field] = time;
    else this.failValue(value, { code: 'no_moment', possible: TIME_EXAMPLES });
  }
}

const DURATION_EXAMPLES = ['30s', '10m', '1h', '2d', '1h30m'];
const TIME_EXAMPLES = ['2026-11-28T14:05', '2026-11-28', '2026-11-28T14:05Z', '15m', '7d', 'today'];
const OPPOSITE = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' } as const;

function isSame(a: QueryValue, b: QueryValue): boolean {
  return a.text === b.text && a.isPattern === b.isPattern;
}

/** A backslash outside of quotes is one; in a pattern it would be an escape. */
function toValue({ text, isQuoted }: ScannedValue, field: MatchField): QueryValue {
  const { isPattern, words } = QUERY_FIELDS[field];
  if (isQuoted || !isPattern || !text.includes('*')) {
    const isWord = words !== undefined || field === 'hash' || field === 'jti';
    return { text: isWord ? text.toLowerCase() : text, isPattern: false };
  }
  return { text: text.replaceAll('\\', '\\\\'), isPattern: true };
}

function wrongValue({ text, isPattern }: QueryValue, field: MatchField): Wrong | null {
  const { words } = QUERY_FIELDS[field];
  if (words && !words.includes(text)) {
    return { code: 'no_such_value', parts: { field, value: text }, possible: words };
  }
  if (field === 'hash' && !/^[0-9a-f]{64}$/.test(text)) return { code: 'no_hash' };
  if (field !== 'kind' || isPattern || isKindGroup(text)) return null;
  if (groupOfKind(text) !== null && Object.hasOwn(LEDGER_KINDS, text)) return null;
  const known = [...Object.keys(KIND_GROUPS), ...Object.keys(LEDGER_KINDS)];
  return { code: 'no_kind', parts: { value: text }, possible: nearest(text, known) };
}
