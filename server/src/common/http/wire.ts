/** A value as JSON carries it: every `Date` is ISO 8601 text. */
export type Wire<T> = T extends Date
  ? string
  : T extends object
    ? { [K in keyof T]: Wire<T[K]> }
    : T;
