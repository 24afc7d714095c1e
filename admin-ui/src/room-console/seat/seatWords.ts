import type { useTranslate } from 'react-admin';
import type { Acting, Seat } from '../../api/records';
import { problemOf } from '../../api/problem';
import { nameOfAction } from '../commands/seatAction';
import { type Attempt, isUnanswered } from '../commands/seatActions';
import { actorText } from '../../shared/actorText';

export type Translate = ReturnType<typeof useTranslate>;

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

/** What somebody may not do now because of a block, a hold or the room's scene; null: nothing. */
export type Restriction = 'blocked' | 'held' | 'no_screen' | 'by_scene';

export function restrictionOf({ block, hold, withheld }: Seat): Restriction | null {
  if (block) return 'blocked';
  if (hold) return isScreenOnly(hold.sources) ? 'no_screen' : 'held';
  return withheld && (withheld.sources.length > 0 || withheld.data) ? 'by_scene' : null;
}

const isScreenOnly = (sources: readonly string[]) =>
  sources.every((source) => source.startsWith('screen'));

/** One line on a seat: what was just asked of it, else what is special now; null: all is well. */
export function statusOf(
  seat: Seat,
  attempt: Attempt | undefined,
  isGone: boolean,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status | null {
  const own = ownStatus(seat, isGone, translate);
  if (!attempt || attempt.isOld) return own;
  return attemptStatus(attempt, own, translate, errorText);
}

/** What differs from a seat that is present and has all that its role gives. */
function ownStatus(seat: Seat, isGone: boolean, translate: Translate): Status | null {
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

/** The acts whose success is the restriction that the seat then shows. */
const BRINGS: Partial<Record<string, Tone>> = {
  hold: 'held',
  stop_share: 'held',
  block: 'blocked',
};

function attemptStatus(
  attempt: Attempt,
  own: Status | null,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status {
  const name = nameOfAction(attempt.action);
  switch (attempt.phase) {
    case 'requested':
      return { tone: 'pending', text: translate(`room_console.doing.${name}`) };
    case 'paced':
      return { tone: 'pending', text: translate('room_console.paced') };
    case 'accepted':
      return { tone: 'pending', text: translate(`room_console.accepted.${name}`) };
    case 'seen': {
      const done = doneText(attempt, name, translate);
      // Who has left says so in the row itself.
      if (own === null || own.tone === 'quiet') return { tone: 'good', text: done };
      if (BRINGS[name] === own.tone) return { tone: own.tone, text: done };
      const but = {
        done: translate(`room_console.done.${name}`),
        standing: lowered(own.text),
      };
      return { tone: own.tone, text: translate('room_console.done_but', but) };
    }
    case 'waiting':
      return { tone: 'pending', text: translate('room_console.later') };
    case 'conflict':
    case 'failed':
      if (isUnanswered(attempt)) return { tone: 'bad', text: translate('room_console.unanswered') };
      return {
        tone: 'bad',
        text: translate(`room_console.failed.${name}`, {
          reason: reasonOf(attempt.error, translate, errorText),
        }),
      };
  }
}

const lowered = (text: string) => text.charAt(0).toLocaleLowerCase() + text.slice(1);

function doneText(attempt: Attempt, name: string, translate: Translate): string {
  const { ms, silences, silentMs } = attempt;
  const done = translate(`room_console.done.${name}`);
  if (silentMs !== null) {
    return translate('room_console.done_silent', { done, time: shortDuration(silentMs) });
  }
  if (silences.length > 0) return translate('room_console.done_not_silent', { done });
  return ms === null ? done : translate('room_console.done_in', { done, time: shortDuration(ms) });
}

function reasonOf(
  error: unknown,
  translate: Translate,
  errorText: (error: unknown) => string,
): string {
  const problem = problemOf(error);
  if (problem?.code === 'stage.full') return translate('room_console.stage_full', { ...problem });
  return error ? errorText(error) : translate('room_console.failed.unknown');
}

/** "84 ms" while that says something, then "0.4 s", "12 s". */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}

/** What is special about this person, for the small tags behind the name. */
export function tagsOf(seat: Seat): string[] {
  const tags: string[] = [];
  if (seat.kind && seat.kind !== 'standard') tags.push(seat.kind);
  if (seat.isUnlisted) tags.push('unlisted');
  // Of a recorder or an agent the kind has said it.
  const isUnseen = seat.isSilent || seat.observed?.hidden === true;
  if (isUnseen && !tags.includes('egress') && !tags.includes('agent')) {
    tags.push(seat.silentWhy === 'no_media' ? 'no_media' : 'hidden');
  }
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

const exactTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** "12:03:10", for what is true of one moment. */
export const momentOf = (at: Date) => exactTime.format(at);

const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });
const longTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

const DAY_MS = 24 * 3_600_000;
const MOST_KEPT = 20_000;
const clockTimes = new Map<string, string>();
let clockDay = 0;

/** "18:00", with the day when it is another one. Kept, because a row that scrolls by asks for it. */
export function clockTime(at: string | Date): string {
  const today = Math.floor(Date.now() / DAY_MS);
  if (today !== clockDay || clockTimes.size > MOST_KEPT) clockTimes.clear();
  clockDay = today;
  const key = String(at);
  let text = clockTimes.get(key);
  if (text === undefined) {
    const date = new Date(at);
    const isToday = date.toDateString() === new Date().toDateString();
    // In one piece, where a line has to be broken.
    text = (isToday ? shortTime : longTime).format(date).replaceAll(' ', '\u00a0');
    clockTimes.set(key, text);
  }
  return text;
}

/** "0:42", "12:03", "1:02:03": how long somebody has been waiting. */
export function waitedFor(since: string | number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - new Date(since).getTime()) / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
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
