const LEVEL_COLOURS: Readonly<Record<string, number>> = {
  warn: 33,
  error: 31,
  fatal: 31,
  debug: 90,
};
/** Shown in other ways, or of no use to somebody who reads along. */
const HIDDEN = new Set(['level', 'time', 'msg', 'requestId', 'error']);

interface Entry {
  readonly level?: string;
  readonly time?: string;
  readonly msg?: string;
  readonly error?: { message?: string; stack?: string; cause?: { message?: string } };
  readonly [name: string]: unknown;
}

/** A line of the JSON log as people read it: the time, the message, and what belongs to it. */
export function toLogText(line: string, isColoured: boolean): string {
  const entry = parse(line);
  if (!entry) return line;
  const paint = (text: string, code: number | undefined) =>
    isColoured && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  const { level = 'info', time, msg = '', error } = entry;
  const clock = time ? new Date(time).toTimeString().slice(0, 8) : '';
  const mark = level === 'info' ? '' : `${level}: `;
  const data = Object.entries(entry)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const cause = [error?.message, error?.cause?.message].filter(Boolean).join(': ');
  const first = [msg, cause && `(${cause})`].filter(Boolean).join(' ');
  const rest = data.length > 0 ? `  ${paint(data.join(' '), 90)}` : '';
  const stack = level === 'error' && error?.stack ? `\n${indent(error.stack)}` : '';
  return `${paint(clock, 90)} ${paint(`${mark}${first}`, LEVEL_COLOURS[level])}${rest}${stack}\n`;
}

function parse(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '         ');
}
