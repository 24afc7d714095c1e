import { MATCH_FIELDS, type MatchField, QUERY_FIELDS } from './fields.js';
import type { LogQuery, QueryValue } from './log-query.js';
import { printDuration, printTime } from './times.js';

/** Quotes, separators, and what cannot be seen or turns the text around. */
const NEEDS_QUOTES = /[\s,"\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}]/u;
const ESCAPED = /["\\]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}]/gu;

/** The query as text that `parseQuery` reads as the same query. Invisible characters are spelled out. */
export function printQuery({ fields, ttl, since, before, text }: LogQuery): string {
  const terms: string[] = [];
  for (const field of MATCH_FIELDS) {
    const { any = [], none = [] } = fields[field] ?? {};
    if (any.length > 0) terms.push(printMatch(field, any));
    if (none.length > 0) terms.push(`-${printMatch(field, none)}`);
  }
  for (const { operator, seconds } of ttl) {
    terms.push(`ttl${operator === '=' ? ':' : operator}${printDuration(seconds)}`);
  }
  if (since) terms.push(`since:${printTime(since)}`);
  if (before) terms.push(`before:${printTime(before)}`);
  for (const part of text.all) terms.push(printText(part));
  for (const part of text.none) terms.push(`-${printText(part)}`);
  return terms.join(' ');
}

export function printMatch(field: MatchField, values: readonly QueryValue[]): string {
  return `${field}:${values.map((value) => printValue(field, value)).join(',')}`;
}

/** As it is written after the colon. */
export function printValue(field: MatchField, { text, isPattern }: QueryValue): string {
  // A pattern is written without quotes; there a backslash is one.
  if (isPattern) return text.replaceAll('\\\\', '\\');
  const isStarred = QUERY_FIELDS[field].isPattern && text.includes('*');
  return isStarred || text === '' || NEEDS_QUOTES.test(text) ? quoted(text) : text;
}

function printText(text: string): string {
  const isField = /^-|[:<>=]/.test(text);
  return isField || NEEDS_QUOTES.test(text) ? quoted(text) : text;
}

function quoted(text: string): string {
  return `"${text.replace(ESCAPED, escaped)}"`;
}

function escaped(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  if (char === '\n') return '\\n';
  return `\\u{${(char.codePointAt(0) as number).toString(16)}}`;
}
