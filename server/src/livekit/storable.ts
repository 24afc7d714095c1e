/** Postgres keeps neither NUL nor halves of surrogate pairs; LiveKit takes both, in any name. */
export function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}

/** For what is only shown: each such character becomes U+FFFD. */
export function toStorable(text: string): string {
  return isStorable(text) ? text : text.replaceAll(/[\0\p{Surrogate}]/gu, '\ufffd');
}
