/** Words for outcomes: those of the ledger, and those that the dashboard shows. */
export const OUTCOME_WORDS: Readonly<Record<string, readonly string[]>> = {
  ok: ['ok'],
  refused: ['refused'],
  intent: ['intent'],
  applied: ['applied'],
  pending: ['pending'],
  failed: ['failed'],
  superseded: ['superseded'],
  confirmed: ['applied', 'ok'],
  requested: ['intent'],
  done: ['ok'],
};

export const ACTOR_KINDS: readonly string[] = [
  'operator',
  'api_key',
  'participant',
  'user',
  'system',
];

/** Where the role of a token came from. */
export const ORIGINS: readonly string[] = [
  'override',
  'assignment',
  'default',
  'requested',
  'peek',
];
