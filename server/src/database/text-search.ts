import { likePattern } from '../common/http/lists.js';
import { foldText } from '../grants/fold-text.js';

/** A condition: one of the columns contains the text of `parameter`, made with `searchPattern`. */
export function containsText(parameter: string, columns: readonly string[]): string {
  return `(${columns.map((column) => `rolecall_fold(${column}) LIKE ${parameter}`).join(' OR ')})`;
}

/** Null when there is nothing to search for. */
export function searchPattern(text: string | undefined): string | null {
  return text ? likePattern(foldText(text)) : null;
}

/** Text in the order that people expect, on every server alike. */
export function collated(column: string): string {
  return `${column} COLLATE "und-x-icu"`;
}
