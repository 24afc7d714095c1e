import {
  fieldNamed,
  isMatchField,
  KIND_GROUPS,
  type MatchField,
  parseQuery,
  printValue,
  QUERY_FIELDS,
  type QueryField,
} from './language';

export type Translate = (key: string, options?: Record<string, unknown>) => string;

/** A value of a field that can be offered, with what it is called and how often it is there. */
export interface KnownValue {
  value: string;
  name?: string;
  count?: number;
}
export type KnownValues = Readonly<Partial<Record<MatchField, readonly KnownValue[]>>>;

export interface Completion {
  id: string;
  /** The field that it is about, or would be. */
  field: QueryField;
  /** What it is called; else `value`. */
  label: string;
  note?: string;
  count?: number;
  /** What the input has when it is taken. */
  text: string;
  /** It is a whole term: taking it searches. */
  isWhole: boolean;
  /** A person, whose face is shown. */
  person?: string;
}

export interface Draft {
  /** What is before the term that is being written. */
  before: string;
  isExcluded: boolean;
  /** Null: nothing tells yet whether it is a field or text. */
  field: QueryField | null;
  /** `room:` or `ttl>`, as written; the values before the last comma included. */
  head: string;
  word: string;
}

const MOST = 8;
const EACH = 4;
const FIELDS = Object.keys(QUERY_FIELDS) as QueryField[];
const PEOPLE: readonly MatchField[] = ['identity', 'actor'];
const AGO = ['15m', '1h', '1d', '7d', '30d', 'today', 'yesterday'];
const LENGTHS = ['ttl>10m', 'ttl>1h', 'ttl>12h', 'ttl>1d', 'ttl<1m'];

/** What is being written at the end of the input. */
export function draftOf(input: string): Draft {
  const { terms } = parseQuery(input);
  const term = terms.at(-1);
  if (!term || term.end < input.length) {
    return { before: input, isExcluded: false, field: null, head: '', word: '' };
  }
  const before = input.slice(0, term.start);
  const { isExcluded } = term;
  if (term.name === null) {
    return { before, isExcluded, field: null, head: '', word: term.values.at(-1)?.text ?? '' };
  }
  const value = term.values.at(-1);
  const from = term.start + (isExcluded ? 1 : 0);
  const head = input.slice(from, value?.start ?? term.end);
  return { before, isExcluded, field: fieldNamed(term.name), head, word: value?.text ?? '' };
}

/** What can be meant, the likeliest first. */
export function completionsFor(
  input: string,
  known: KnownValues,
  translate: Translate,
): Completion[] {
  const draft = draftOf(input);
  const minus = draft.isExcluded ? '-' : '';
  const write = (text: string) => `${draft.before}${minus}${text}`;
  if (draft.field === null) return forWord(draft, known, translate, write);
  const { field, head, word } = draft;
  return valuesOf(field, word, known, translate)
    .slice(0, MOST)
    .map((each) => ({ ...each, text: write(sortOf(field) ? each.text : `${head}${each.text}`) }));
}

const sortOf = (field: QueryField) => field === 'ttl';

type Write = (text: string) => string;

function forWord({ word }: Draft, known: KnownValues, translate: Translate, write: Write) {
  const fields: Completion[] = FIELDS.filter(
    (field) => field !== 'text' && namesOf(field).some((name) => starts(name, word)),
  ).map((field) => ({
    id: `field ${field}`,
    field,
    label: `${field}:`,
    note: translate(`ledger.query.field.${field}`),
    text: write(field === 'ttl' ? 'ttl>' : `${field}:`),
    isWhole: false,
  }));
  if (word === '') return fields.slice(0, MOST);
  const fieldsOfValues = ['identity', 'actor', 'room', 'kind', 'outcome', 'template'] as const;
  const values = fieldsOfValues.flatMap((field) =>
    valuesOf(field, word, known, translate)
      .slice(0, EACH)
      .map((each) => ({ ...each, text: write(`${field}:${each.text}`) })),
  );
  const text: Completion = {
    id: 'text',
    field: 'text',
    label: translate('ledger.query.text', { text: word }),
    text: write(word.includes(':') || /\s/.test(word) ? JSON.stringify(word) : word),
    isWhole: true,
  };
  return [...fields.slice(0, 3), ...values.slice(0, MOST - 1), text];
}

const namesOf = (field: QueryField) => [field, ...QUERY_FIELDS[field].aliases];

function valuesOf(
  field: QueryField,
  word: string,
  known: KnownValues,
  translate: Translate,
): Completion[] {
  if (field === 'ttl') return LENGTHS.map((text) => plain(field, text, text));
  if (field === 'since' || field === 'before') {
    return AGO.filter((ago) => starts(ago, word)).map((ago) => ({
      ...plain(field, ago, ago),
      note: translate(`ledger.query.ago.${ago}`),
    }));
  }
  if (!isMatchField(field)) return [];
  return choicesOf(field, known, translate)
    .filter(({ value, name }) => contains(value, word) || contains(name ?? '', word))
    .toSorted((a, b) => rank(a, word) - rank(b, word) || (b.count ?? 0) - (a.count ?? 0))
    .map(({ value, name, count }) => ({
      id: `${field} ${value}`,
      field,
      label: name ?? value,
      note: name !== undefined && name !== value ? value : undefined,
      count,
      text: printValue(field, { text: value, isPattern: false }),
      isWhole: true,
      person: PEOPLE.includes(field) ? value : undefined,
    }));
}

const plain = (field: QueryField, text: string, label: string): Completion => ({
  id: `${field} ${text}`,
  field,
  label,
  text,
  isWhole: true,
});

function choicesOf(field: MatchField, known: KnownValues, translate: Translate): KnownValue[] {
  const counted = new Map((known[field] ?? []).map((value) => [value.value, value]));
  const named = (value: string, name: string): KnownValue => ({
    value,
    name,
    count: counted.get(value)?.count,
  });
  if (field === 'kind') {
    const groups = Object.entries(KIND_GROUPS);
    const kinds = [...new Set(groups.flatMap(([, members]) => members))];
    return [
      ...groups.map(([group]) => named(group, translate(`ledger.group.${group}`))),
      ...kinds.map((kind) => named(kind, translate(`ledger.what.${kind}`))),
    ];
  }
  const { words } = QUERY_FIELDS[field];
  if (words) {
    return words.map((word) => named(word, translate(`ledger.word.${field}.${word}`, { _: word })));
  }
  return [...counted.values()];
}

/** What begins so comes before what only has it somewhere. */
const rank = ({ value, name }: KnownValue, word: string) =>
  starts(value, word) || starts(name ?? '', word) ? 0 : 1;
const starts = (text: string, word: string) => folded(text).startsWith(folded(word));
const contains = (text: string, word: string) => folded(text).includes(folded(word));
const folded = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
