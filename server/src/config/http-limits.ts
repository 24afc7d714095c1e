/** What somebody may cost who has not shown who they are. Tests lower these. */
export interface HttpLimits {
  /** From the first byte of a request to the last of its body. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** Who may is decided again when the body takes longer than this after the headers. */
  readonly decisionMs: number;
  /** A connection on which nothing moves, in either direction, while something is to be sent. */
  readonly idleMs: number;
  /** Connections, other than streams of those who were let in. */
  readonly connections: number;
  /** Of these, from one address. */
  readonly connectionsPerAddress: number;
  /** Bytes of requests whose headers are not complete, together. */
  readonly headerBytes: number;
}

export const HTTP_LIMITS: HttpLimits = {
  requestMs: 30_000,
  headersMs: 15_000,
  decisionMs: 1_000,
  idleMs: 60_000,
  connections: 4_000,
  connectionsPerAddress: 1_000,
  headerBytes: 64 * 1024 * 1024,
};
