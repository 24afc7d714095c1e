/** What came of a batch that a destination was given. */
export type Delivery =
  | { readonly kind: 'taken' }
  /** It does not take a batch with these events, and said why. */
  | { readonly kind: 'refused'; readonly detail: string };

/** A way to a destination. `send` throws where it is not known that the batch was taken. */
export interface Sender {
  send(events: readonly Record<string, unknown>[]): Promise<Delivery>;
  close(): Promise<void>;
}

/** It may be sent again. */
export class DeliveryFailed extends Error {
  constructor(
    message: string,
    /** What the destination asked to wait; null: nothing. */
    readonly waitMs: number | null = null,
  ) {
    super(message);
  }
}
