import type { HistoryEntry } from '../ledger/room-history.js';

/** Which issued token a connection descends from, as far as the log knows. */
export interface Lineage {
  /** `issued`: they came with the token itself. `refreshed`: with one that LiveKit made of it. */
  readonly through: 'issued' | 'refreshed' | 'unknown';
  /** The issued token; null: it is not known which. */
  readonly jti: string | null;
  /** Where it is not known: one of these, or one refreshed from them. */
  readonly candidates: readonly string[];
  readonly text: string;
}

export interface Connection {
  readonly identity: string;
  readonly sid: string | null;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
  readonly lineage: Lineage;
}

/** LiveKit takes a token of the gate for half a minute, and bears a minute. */
const ADMITTED_MS = 95_000;
/** The webhook of a join may be written before the gate's own entry is. */
const EARLY_MS = 2_000;

/** Pairs joins with leaves by LiveKit's id, and with the gate's admissions by their time. */
export function connectionsOf(entries: readonly HistoryEntry[], since: Date): Connection[] {
  const left = new Map<string, Date>();
  const admissions = new Map<string, HistoryEntry[]>();
  for (const entry of entries) {
    if (entry.kind === 'gate.admitted') {
      const known = admissions.get(entry.identity) ?? [];
      admissions.set(entry.identity, known);
      known.push(entry);
    } else if (entry.kind !== 'participant.joined') {
      left.set(keyOf(entry), entry.at);
    }
  }
  return entries
    .filter(({ kind, at }) => kind === 'participant.joined' && at >= since)
    .map((joined) => ({
      identity: joined.identity,
      sid: sidOf(joined),
      joinedAt: joined.at,
      leftAt: left.get(keyOf(joined)) ?? null,
      lineage: lineageOf(joined, admissions.get(joined.identity) ?? []),
    }));
}

/** The newest admission opened it; where several came shortly before, any of them may have. */
function lineageOf({ at }: HistoryEntry, admissions: readonly HistoryEntry[]): Lineage {
  const within = (from: number, to: number) =>
    admissions.filter((one) => {
      const after = one.at.getTime() - at.getTime();
      return after >= from && after <= to;
    });
  const before = within(-ADMITTED_MS, 0);
  const near = before.length > 0 ? before : within(0, EARLY_MS);
  if (near.length === 0) return UNSEEN;
  const issued = new Set(near.map(issuedJtiOf));
  const [jti] = issued;
  if (issued.size === 1 && typeof jti === 'string') {
    const isOwn = near.at(-1)?.payload['jti'] === jti;
    return isOwn
      ? { through: 'issued', jti, candidates: [], text: 'They came with this token.' }
      : {
          through: 'refreshed',
          jti,
          candidates: [],
          text: 'They came with a token that LiveKit refreshed from this one.',
        };
  }
  const candidates = [...issued].filter((one) => typeof one === 'string');
  const text =
    candidates.length > 0
      ? 'Several connects were let in shortly before: one of these.'
      : 'They came with a refreshed token that does not say what it was made of.';
  return { through: 'unknown', jti: null, candidates, text };
}

/** Nothing came through a gate: what could have opened it are the tokens that lived. */
export function amongTokens(
  connection: Connection,
  tokens: readonly HistoryEntry[],
  leewayMs: number,
): Connection {
  const { joinedAt, identity } = connection;
  const alive = tokens.filter(
    (token) =>
      token.identity === identity &&
      token.at <= joinedAt &&
      Date.parse(String(token.payload['expiresAt'])) + leewayMs >= joinedAt.getTime(),
  );
  const candidates = alive.map(({ payload }) => String(payload['jti']));
  const text =
    candidates.length > 0
      ? 'No gate saw the connect, and LiveKit does not tell which token it came with: one of these that lived then, or one refreshed from an earlier connection.'
      : 'No token of Rolecall lived then: one refreshed from an earlier connection, or of another backend.';
  return { ...connection, lineage: { ...connection.lineage, candidates, text } };
}

export function isUnseen({ lineage }: Connection): boolean {
  return lineage === UNSEEN;
}

const UNSEEN: Lineage = {
  through: 'unknown',
  jti: null,
  candidates: [],
  text: 'No gate saw the connect.',
};

/** Null: a token of another backend, or a refreshed one that does not say. */
function issuedJtiOf({ payload }: HistoryEntry): unknown {
  // Entries of older versions have the token's own alone.
  return ('issuedJti' in payload ? payload['issuedJti'] : payload['jti']) ?? null;
}

function sidOf({ payload }: HistoryEntry): string | null {
  return typeof payload['sid'] === 'string' ? payload['sid'] : null;
}

function keyOf(entry: HistoryEntry): string {
  return `${sidOf(entry) ?? ''} ${entry.identity}`;
}
