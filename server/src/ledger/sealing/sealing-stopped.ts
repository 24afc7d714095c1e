/** Why the sealer does not sign; stable, for programs. */
export const STOP_CODES = [
  'key_missing',
  'key_changed',
  'postgres_behind',
  'tree_changed',
  'foreign_mirror',
  'witness_disagrees',
] as const;
export type StopCode = (typeof STOP_CODES)[number];

/** Signing would prove something that is not so. Only a person can resolve it. */
export class SealingStopped extends Error {
  constructor(
    readonly code: StopCode,
    message: string,
  ) {
    super(message);
  }
}
