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

/**
 * JSON as one line for whoever reads lines: the same characters as escapes. Some programs end a line at
 * U+2028 or U+0085 as well. It stays the same JSON.
 */
export function printableJson(json: string): string {
  if (json.search(UNPRINTABLE) < 0) return json;
  return json.replace(UNPRINTABLE, (mark) => {
    let escapes = '';
    for (let i = 0; i < mark.length; i++) {
      escapes += `\\u${mark.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return escapes;
  });
}

/** Canonical JSON that `printableJson` was made of: canonical JSON escapes no character from U+007F on. */
export function fromPrintableJson(json: string): string {
  return json.replace(/\\(?:u([0-9a-f]{4})|.)/gu, (escape, digits: string | undefined) =>
    digits !== undefined && parseInt(digits, 16) >= 0x7f
      ? String.fromCharCode(parseInt(digits, 16))
      : escape,
  );
}
