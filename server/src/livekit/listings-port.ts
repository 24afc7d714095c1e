/** A recording or a stream to elsewhere that runs. */
export interface ListedEgress {
  /** Also the identity of its participant. */
  readonly id: string;
  readonly room: string;
  readonly startedAt: Date;
}

/** A stream from elsewhere that LiveKit would take, or takes. */
export interface ListedIngress {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  /** Of its participant. */
  readonly identity: string;
}

/** An agent that LiveKit calls to a room. */
export interface ListedDispatch {
  readonly id: string;
  /** Empty: agents without a name, which LiveKit calls to each room by itself. */
  readonly agentName: string;
  readonly metadata: string;
  readonly createdAt: Date;
  /** Of the agents that came. */
  readonly identities: readonly string[];
}

/** What LiveKit does beside rooms and participants. It is only read, and never begun here. */
export abstract class ListingsPort {
  /** Those that run; null where LiveKit has no such service, as without Redis. */
  abstract listEgress(): Promise<ListedEgress[] | null>;

  /** Null where LiveKit has no such service, as without Redis. */
  abstract listIngress(): Promise<ListedIngress[] | null>;

  /** Null where LiveKit has no such service. Rejects where the room has ended. */
  abstract listDispatches(room: string): Promise<ListedDispatch[] | null>;
}
