import type { useTranslate } from 'react-admin';
import type { Seat } from '../providers/records';
import type { Attempt } from './seatActions';

type Translate = ReturnType<typeof useTranslate>;

export const FLAGS = [
  'microphone',
  'camera',
  'screen_share',
  'data',
  'subscribe',
  'hidden',
] as const;
export type Flag = (typeof FLAGS)[number];

/** The permission as LiveKit has it now, not as it should be. */
export function hasFlag(observed: Record<string, unknown>, flag: Flag): boolean {
  switch (flag) {
    case 'data':
      return observed.canPublishData === true;
    case 'subscribe':
      return observed.canSubscribe === true;
    case 'hidden':
      return observed.hidden === true;
    default: {
      const sources = (observed.canPublishSources ?? []) as readonly string[];
      return observed.canPublish === true && sources.includes(flag);
    }
  }
}

export const nameOf = (seat: Seat) => seat.name || seat.identity;

export type Tone = 'good' | 'pending' | 'bad' | 'quiet';
export interface Status {
  tone: Tone;
  text: string;
}

/** The code of why somebody may not be in the room at all. */
const refusalOf = (seat: Seat & { refusal?: string | null }) => seat.refusal ?? null;

const SIGNS: Record<Tone, string> = { good: '✓', pending: '…', bad: '!', quiet: '–' };
export const signOf = (tone: Tone) => SIGNS[tone];

/** A promotion to this role would change nothing: they have it, and not only for a while. */
export const hasForSession = (seat: Seat, template: string) =>
  seat.role?.template === template && !seat.override?.until;

/** One line on how a seat stands: what was just asked of it, else whether it is as it should be. */
export function statusOf(
  seat: Seat,
  attempt: Attempt | undefined,
  isGone: boolean,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status {
  if (attempt && !attempt.isOld) return attemptStatus(attempt, translate, errorText);
  if (isGone) return { tone: 'quiet', text: translate('room_console.sync.left') };
  if (seat.block) {
    const until = seat.blockedUntil ?? seat.block.until;
    return {
      tone: 'bad',
      text: until
        ? translate('room_console.sync.blocked_until', { time: clockTime(until) })
        : translate('room_console.sync.blocked'),
    };
  }
  if (!seat.isPresent) return { tone: 'quiet', text: translate('room_console.sync.absent') };
  const refusal = refusalOf(seat);
  if (refusal !== null && !seat.inSync) {
    const reason = translate(`room_console.refusal.${refusal}`, { _: refusal });
    return { tone: 'bad', text: translate('room_console.refusal.label', { reason }) };
  }
  if (seat.inSync) return { tone: 'good', text: translate('room_console.sync.in_sync') };
  return seat.pendingOperation
    ? { tone: 'pending', text: translate('room_console.sync.pending') }
    : { tone: 'pending', text: translate('room_console.sync.out_of_sync') };
}

function attemptStatus(
  attempt: Attempt,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status {
  const { kind } = attempt.action;
  switch (attempt.phase) {
    case 'requested':
      return { tone: 'pending', text: translate(`room_console.doing.${kind}`) };
    case 'accepted':
      return { tone: 'pending', text: translate(`room_console.accepted.${kind}`) };
    case 'seen':
      return { tone: 'good', text: translate(`room_console.done.${kind}`, { ms: attempt.ms }) };
    case 'waiting':
      return { tone: 'pending', text: translate('room_console.later') };
    case 'conflict':
    case 'failed':
      return {
        tone: 'bad',
        text: translate(`room_console.failed.${kind}`, {
          reason: attempt.error
            ? errorText(attempt.error)
            : translate('room_console.failed.unknown'),
        }),
      };
  }
}

/** What is special about this person, for the small tags behind the name. */
export function tagsOf(seat: Seat): string[] {
  const tags: string[] = [];
  if (seat.kind && seat.kind !== 'standard') tags.push(seat.kind);
  if (seat.isUnlisted) tags.push('unlisted');
  if (seat.observed?.hidden === true) tags.push('hidden');
  else if (seat.isSilent) tags.push('silent');
  return tags;
}

/** "mic, cam (muted)"; empty for who sends nothing. */
export function tracksInWords(seat: Seat, translate: Translate): string {
  return seat.tracks
    .map(({ source, isMuted }) => {
      const track = translate(`room_console.tracks.${source}`, { _: source });
      return isMuted ? translate('room_console.tracks.muted', { track }) : track;
    })
    .join(', ');
}

const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });
const longTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** "18:00", with the day when it is another one. */
export function clockTime(at: string | Date): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? shortTime : longTime).format(date);
}

/** "14 min", "50 s": short, because it stands in a row and counts down. */
export function timeLeft(until: string | number, now: number): string {
  const seconds = Math.max(0, Math.round((new Date(until).getTime() - now) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48
    ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min`
    : `${Math.floor(hours / 24)} d`;
}
