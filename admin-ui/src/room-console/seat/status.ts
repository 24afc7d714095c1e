import type { Acting, Seat } from '../../api/records';
import { actorText } from '../../shared/actorText';
import { restrictionOf, type Translate } from './seatFacts';
import { clockTime } from './times';

/**
 * `held` and `blocked` are what a moderator or a scene has taken away, `pending` is what LiveKit does
 * not have yet, `bad` went wrong. `good` is only said of something that was just done.
 */
export const TONES = ['good', 'pending', 'held', 'blocked', 'bad', 'quiet'] as const;
export type Tone = (typeof TONES)[number];
export interface Status {
  tone: Tone;
  text: string;
}

/** The code of why somebody may not be in the room at all. */
const refusalOf = (seat: Seat & { refusal?: string | null }) => seat.refusal ?? null;

/** What differs from a seat that is present and has all that its role gives. */
export function ownStatus(seat: Seat, isGone: boolean, translate: Translate): Status | null {
  if (isGone) return { tone: 'quiet', text: translate('room_console.sync.left') };
  const sync = syncStatus(seat, translate);
  const restricted = restrictionStatus(seat, translate);
  // A block keeps people away: that they are not here goes without saying.
  if (restricted && sync && !(seat.block && !seat.isPresent)) {
    const tone = sync.tone === 'quiet' ? restricted.tone : sync.tone;
    return { tone, text: `${restricted.text} · ${lowered(sync.text)}` };
  }
  if (restricted ?? sync) return restricted ?? sync;
  if (!seat.peeksAt) return null;
  return { tone: 'quiet', text: translate('room_peek.looks_at', { identity: seat.peeksAt }) };
}

function restrictionStatus(seat: Seat, translate: Translate): Status | null {
  const restriction = restrictionOf(seat);
  if (restriction === null) return null;
  if (restriction !== 'blocked') {
    return { tone: 'held', text: translate(`room_console.sync.${restriction}`) };
  }
  const until = seat.blockedUntil ?? seat.block?.until;
  const text = until
    ? translate('room_console.sync.blocked_until', { time: clockTime(until) })
    : translate('room_console.sync.blocked');
  return { tone: 'blocked', text };
}

/** Said only when LiveKit does not have what the role gives. */
function syncStatus(seat: Seat, translate: Translate): Status | null {
  if (!seat.isPresent) return { tone: 'quiet', text: translate('room_console.sync.absent') };
  if (seat.inSync) return null;
  const refusal = refusalOf(seat);
  if (refusal !== null && !seat.block) {
    const reason = translate(`room_console.refusal.${refusal}`, { _: refusal });
    return { tone: 'bad', text: translate('room_console.refusal.label', { reason }) };
  }
  const state = seat.pendingOperation ? 'pending' : 'out_of_sync';
  return { tone: 'pending', text: translate(`room_console.sync.${state}`) };
}

/** Another moderator has this person in hand. */
export const actingStatus = ({ by, byKind }: Acting, translate: Translate): Status => ({
  tone: 'pending',
  text: translate('room_console.acting', {
    by: actorText(by.split('@')[0] ?? by, byKind, translate),
  }),
});

export const lowered = (text: string) => text.charAt(0).toLocaleLowerCase() + text.slice(1);
