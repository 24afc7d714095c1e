import type { ActorKind } from '../../grants/policy.js';

/** A ledger entry about policy, with both parts of its payload; what was erased is missing. */
export interface PolicyEntry {
  readonly at: Date;
  readonly kind: string;
  readonly outcome: string;
  readonly actorLabel: string | null;
  readonly actorKind: ActorKind;
  readonly room: string | null;
  readonly identity: string | null;
  readonly reason: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What it said of a person is gone. */
  readonly isErased: boolean;
}

/** What is set on a seat, as entries carry it: times are text. */
export interface RecordedState {
  readonly override: Recorded | null;
  readonly block: Recorded | null;
  readonly hold: Recorded | null;
  readonly peeksAt?: string | null;
}

export type Recorded = Readonly<Record<string, unknown>> & { at: string; until: string | null };
