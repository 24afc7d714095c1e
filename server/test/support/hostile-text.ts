/** What somebody may put into any text of an entry to break what it is written into. */
export const HOSTILE_TEXTS: readonly string[] = [
  '=HYPERLINK("https://evil.example","click")',
  "@SUM(1+1)*cmd|' /C calc'!A0",
  '+1',
  '-2+3',
  '\t=1+1',
  '  =1+1',
  '＝1+1',
  'a"b,c;d\te',
  '","=1+1","',
  'line 1\r\nline 2\n=1+1',
  '\r\n<34>1 2026-01-01T00:00:00Z evil app - - - forged',
  '\u001b]0;owned\u0007\u001b[31mred\u009b32m',
  'x\u2028y\u2029z\u0085w',
  '\u202eevil\u2066 left\ufeff',
  '{"leaf":0,"id":"x"}\n{"manifest":"x"}',
  '] [x@1 y="z"',
  '\ud83d\ude00 ünï 漢字 \u0000 \ud800',
  `metadata ${'✓"\\'.repeat(16_384)}`,
];

/** Nothing of these may be in a line that others read. */
export const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
