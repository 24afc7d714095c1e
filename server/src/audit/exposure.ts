import type { Entrance } from '../grants/entrance.js';
import type { LivingToken } from '../ledger/living-tokens.js';

/** Something that may open the door of a room. */
export interface Exposure {
  readonly room: string;
  readonly identity: string;
  /** Of the user; null: nobody was added with this identity. */
  readonly name: string | null;
  /** What they would come in as now; null: nothing, or what their own token says. */
  readonly template: string | null;
  readonly version: number | null;
  readonly source: 'issued' | 'session';
  /** The last moment: the expiry and the minute that LiveKit and Rolecall bear. */
  readonly until: Date;
  /** It is made again every few minutes while they are in the room. */
  readonly isRenewed: boolean;
  readonly jti: string | null;
  readonly refreshed: boolean;
  readonly issuanceId: string | null;
  readonly issuedAt: Date | null;
  readonly issuer: LivingToken['issuer'] | null;
  /** Its entry is none of a token as Rolecall writes them: the latest end that can be is shown. */
  readonly isUnreadable: boolean;
  readonly entrance: Entrance;
}

export type RevokingAct = 'void_tokens' | 'block' | 'suspend' | 'close_room';

/** What an act would take away, of what could come in now. */
export interface Revoking {
  readonly act: RevokingAct;
  readonly tokens: number;
  readonly sessions: number;
  /** Connected now, and disconnected by the act. */
  readonly disconnected: number;
  /** What could still come in afterwards, of the same selection. */
  readonly left: number;
  readonly text: string;
}

/** LiveKit makes a refreshed token for ten minutes, or as long as the one that opened the connection. */
export const REFRESHED_MS = 600_000;
/** What LiveKit and Rolecall bear after the expiry. */
export const LEEWAY_MS = 60_000;

/** The latest moment that any of them opens a door; null: none does. */
export function horizonOf(exposures: readonly Exposure[]): Date | null {
  const latest = Math.max(...exposures.map(({ until }) => until.getTime()), 0);
  return latest > 0 ? new Date(latest) : null;
}

const BARS = 48;

/** How many open a door at instants between now and the last of them. */
export function barsOf(open: readonly Exposure[], now: Date) {
  const last = horizonOf(open);
  if (!last) return [];
  const width = (last.getTime() - now.getTime()) / BARS;
  return Array.from({ length: BARS }, (_, i) => {
    const at = new Date(now.getTime() + i * width);
    const still = open.filter(({ until }) => until > at);
    const tokens = still.filter(({ source }) => source === 'issued').length;
    return { at, tokens, sessions: still.length - tokens };
  });
}

/** Latest first; then by name, so that pages follow each other. */
export function inOrder(exposures: readonly Exposure[]): Exposure[] {
  return exposures.toSorted(
    (a, b) =>
      b.until.getTime() - a.until.getTime() ||
      compare(a.room, b.room) ||
      compare(a.identity, b.identity) ||
      compare(a.jti ?? '', b.jti ?? ''),
  );
}

const WORDS: Readonly<Record<RevokingAct, string>> = {
  void_tokens:
    'They stop working at the next connect. Who is connected stays, and a new token lets people in again.',
  block: 'They are disconnected and get no token for this room.',
  suspend: 'They are disconnected everywhere and get no token for any room.',
  close_room: 'Everybody is disconnected, and nobody gets a token for the room.',
};

/** `open`: the selection, what could come in now. */
export function revoking(
  act: RevokingAct,
  open: readonly Exposure[],
  scope: { readonly room?: string | undefined; readonly identity?: string | undefined },
): Revoking {
  const isTaken = ({ room, identity }: Exposure): boolean => {
    if (act === 'suspend') return identity === scope.identity;
    if (act === 'close_room') return room === scope.room;
    if (act === 'block') return room === scope.room && identity === scope.identity;
    return true;
  };
  const taken = open.filter(isTaken);
  const sessions = taken.filter(({ source }) => source === 'session');
  return {
    act,
    tokens: taken.length - sessions.length,
    sessions: sessions.length,
    disconnected: act === 'void_tokens' ? 0 : sessions.filter(({ isRenewed }) => isRenewed).length,
    left: open.length - taken.length,
    text: WORDS[act],
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
