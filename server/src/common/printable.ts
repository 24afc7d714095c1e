// Controls, direction marks and what else has no shape of its own, line and paragraph separators,
// halves of surrogate pairs.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text of others as one line for a terminal: what could move its cursor, change its colours or order
 * what it shows otherwise is written as its number, such as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (mark) => `\\u{${(mark.codePointAt(0) as number).toString(16)}}`,
  );
}
