import { path } from '../../api/httpClient';
import type { Seat } from '../../api/records';

/** What can be asked of one seat; each is one call. */
export type SeatAction =
  | { kind: 'promote'; template?: string; for?: string | number; reason?: string }
  | { kind: 'demote'; template?: string; reason?: string }
  | { kind: 'extend'; for: string }
  | { kind: 'mute'; source?: string; reason?: string }
  | { kind: 'hold'; sources?: string[]; for?: string; reason?: string }
  | { kind: 'release'; reason?: string }
  | { kind: 'ask_unmute'; source: 'microphone' | 'camera' }
  | { kind: 'remove'; reason?: string }
  | { kind: 'block'; for?: string; reason?: string }
  | { kind: 'unblock' }
  | { kind: 'void_tokens'; reason?: string }
  | { kind: 'approve'; request: string; template?: string; for?: string | number }
  | { kind: 'decline'; request: string; word?: string }
  | { kind: 'invite'; template?: string; for?: string | number }
  | { kind: 'undo'; operationId: string };

export type ActionKind = SeatAction['kind'];

export const SCREEN_SOURCES = ['screen_share', 'screen_share_audio'];

/** The whole person is silent, or only their screen. */
export const isStopShare = (action: SeatAction) =>
  action.kind === 'hold' && Boolean(action.sources?.every((each) => SCREEN_SOURCES.includes(each)));

/** What it is called in messages: stopping a share is a hold, but nobody calls it that. */
export const nameOfAction = (action: SeatAction): string =>
  isStopShare(action) ? 'stop_share' : action.kind;

/** Those whose effect depends on how the seat was when somebody looked at it. */
const WITH_EPOCH: ReadonlySet<ActionKind> = new Set(['promote', 'demote', 'hold', 'release']);

export function callOf(
  room: string,
  identity: string,
  action: SeatAction,
  epoch: number | undefined,
): [route: string, body: unknown] {
  const seat = (act: string) => path('rooms', room, 'seats', identity, act);
  switch (action.kind) {
    case 'undo':
      return [path('operations', action.operationId, 'undo'), {}];
    case 'approve':
    case 'decline': {
      const { kind, request, ...body } = action;
      return [path('rooms', room, 'stage', request, kind), body];
    }
    case 'ask_unmute':
      return [seat('ask-unmute'), { source: action.source }];
    case 'void_tokens': {
      const { kind: _kind, ...body } = action;
      return [seat('void-tokens'), body];
    }
    default: {
      const { kind, ...body } = action;
      const expects = WITH_EPOCH.has(kind) && epoch !== undefined;
      return [seat(kind), expects ? { ...body, expectEpoch: epoch } : body];
    }
  }
}

/** Whether the room itself shows what was asked for; `epoch` is what the server answered with. */
export function isSeen(action: SeatAction, seat: Seat | undefined, epoch: number | null): boolean {
  switch (action.kind) {
    case 'mute':
      return (seat?.tracks ?? []).every(
        (track) => track.isMuted || (action.source !== undefined && track.source !== action.source),
      );
    case 'remove':
      return !seat?.isPresent;
    case 'block':
      return Boolean(seat?.block) && !seat?.isPresent;
    case 'unblock':
      return !seat?.block;
    case 'decline':
      return !seat?.hand;
    case 'ask_unmute':
    case 'void_tokens':
    case 'invite':
      return true;
    default:
      return seat !== undefined && seat.isPresent && seat.inSync && seat.epoch >= (epoch ?? 0);
  }
}

/** What was seen to be done is no more: something else came after it, or they left or came back. */
export function isOvertaken(
  action: SeatAction,
  seat: Seat | undefined,
  epoch: number | null,
): boolean {
  if (seat && epoch !== null && seat.epoch > epoch) return true;
  switch (action.kind) {
    case 'mute':
    case 'remove':
    case 'block':
    case 'unblock':
      return !isSeen(action, seat, epoch);
    default:
      return false;
  }
}

interface After {
  permission?: { canPublish?: boolean; canPublishSources?: readonly string[] } | null;
}

/** The tracks that are to fall silent, by what the server answered. */
export function tracksToSilence(action: SeatAction, seat: Seat | undefined, after: unknown) {
  const audible = (seat?.tracks ?? []).filter(({ isMuted }) => !isMuted);
  switch (action.kind) {
    case 'remove':
    case 'block':
      return audible.map(({ sid }) => sid);
    case 'mute':
      return audible
        .filter(({ source }) => action.source === undefined || source === action.source)
        .map(({ sid }) => sid);
    case 'demote':
    case 'hold':
    case 'undo':
    case 'promote': {
      const permission = (after as After | null)?.permission;
      if (!permission) return [];
      const allowed = permission.canPublish ? (permission.canPublishSources ?? []) : [];
      return audible.filter(({ source }) => !allowed.includes(source)).map(({ sid }) => sid);
    }
    default:
      return [];
  }
}

/** All of them are silent: gone or muted. */
export const areSilent = (sids: readonly string[], seat: Seat | undefined) =>
  (seat?.tracks ?? []).every(({ sid, isMuted }) => isMuted || !sids.includes(sid));
