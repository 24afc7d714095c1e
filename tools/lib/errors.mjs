/** A failure whose message is meant for the person at the terminal: printed without a stack. */
export class PlainError extends Error {
  constructor(message, hint) {
    super(message);
    this.name = 'PlainError';
    /** What to do about it, on a line of its own. */
    this.hint = hint;
  }
}

/** The end of a log file, for an error message. */
export function tail(text, lines = 12) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
