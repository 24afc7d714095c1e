import { matchesPattern } from '../../grants/pattern.js';
import type { Choice, QueryValue } from '../query/index.js';
import { kindsOf, type LogSearch, outcomesOf } from './conditions.js';

export type Counted = (entry: { readonly kind: string; readonly outcome: string }) => boolean;

/** What of the counts a search asks for; null: it asks for more than they know. */
export function countedBy({ query, rooms }: LogSearch): Counted | null {
  const { kind, outcome, ...others } = query.fields;
  const { ttl, text } = query;
  const isMore =
    Object.keys(others).length + ttl.length + text.all.length + text.none.length > 0 ||
    rooms !== null;
  if (isMore) return null;
  return (entry) =>
    isChosen(kind, (value) => isKind(value, entry.kind)) &&
    isChosen(outcome, (value) => outcomesOf(value).includes(entry.outcome));
}

function isChosen(choice: Choice | undefined, is: (value: QueryValue) => boolean): boolean {
  if (!choice) return true;
  return (choice.any.length === 0 || choice.any.some(is)) && !choice.none.some(is);
}

function isKind(value: QueryValue, kind: string): boolean {
  return kindsOf(value)?.includes(kind) ?? matchesPattern(value.text, kind);
}
