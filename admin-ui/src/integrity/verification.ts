import type { Finding } from '@rolecall/server/ledger-remote';

// What the page and its worker say to each other.

export interface VerifyRequest {
  /** A verifier key that the operator has from elsewhere; null: none. */
  pin: string | null;
  /** The checkpoint of the last run here; null: there was none. */
  kept: string | null;
  isOnlyNew: boolean;
}

export interface VerifyResult {
  isProved: boolean;
  what: 'entries' | 'hashes';
  isPinned: boolean;
  size: number;
  checked: number;
  since: number | null;
  ms: number;
  /** Whether it was compared with the last run here. */
  isKept: boolean;
  wrong: Finding | null;
  problems: readonly string[];
  /** The checkpoint, as a signed note. */
  note: string;
}

/** Why nothing could be said: a name of a message, or what the browser says. */
export type VerifyFailure =
  'no_crypto' | 'no_ed25519' | 'signed_out' | 'unreachable' | 'not_sealed';

export type VerifyMessage =
  | { type: 'progress'; from: number; done: number; size: number; ms: number }
  | { type: 'done'; result: VerifyResult }
  | { type: 'failed'; failure: VerifyFailure; detail: string };
