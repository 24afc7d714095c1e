import { type PermissionLike, toParticipantPermission } from '../../grants/compile-grant.js';
import { effects as effectsOf, type Heard, notLiveChangeable } from '../../grants/effects.js';
import { listInWords, sourceName } from '../../grants/grant-catalogue.js';
import { completeGrants } from '../../grants/role-grants.js';
import { isToBeMuted } from '../../grants/silencing.js';
import type { ObservedPermission, ObservedTrack } from '../../livekit/participant-view.js';
import type { Publishing, Seat, SeatAction, TakenTrack } from './seat.js';
import type { Context } from './context.js';
import { mutesWanted, permissionWanted, type Evaluation } from './seat-policy.js';

/**
 * What an action physically does, in sentences without a subject: before the click, and, told from
 * what LiveKit had and answered, after it.
 */

const UNMUTE_OFF =
  'LiveKit does not let Rolecall unmute anybody (room.enable_remote_unmute is off)';

const NOTHING = toParticipantPermission(completeGrants({}));

/** What they may do in the room; null: they are out of it. */
export type PermissionAfter = Heard | null;

/** What LiveKit will have; undefined where it keeps what it has. */
export function permissionAfter(
  { wanted }: Evaluation,
  fallback: ObservedPermission | null | undefined,
): PermissionAfter | undefined {
  if (wanted.kind === 'out') return null;
  const permission = permissionWanted(wanted) ?? fallback ?? undefined;
  const mutes = mutesWanted(wanted);
  return permission && mutes.length > 0 ? { ...permission, mutes } : permission;
}

/** What happens to the connection, and what else is to be known of it. */
export interface Description {
  readonly effects: readonly string[];
  readonly notes: readonly string[];
}

export function sentencesOf({ effects, notes }: Description): string[] {
  return [...effects, ...notes];
}

export function describeChange(
  action: SeatAction,
  { seat, evaluation: before, isUnmuteOff }: Pick<Context, 'seat' | 'evaluation' | 'isUnmuteOff'>,
  after: Evaluation,
  fallback: ObservedPermission | null | undefined = null,
): Description {
  const permission = permissionAfter(after, fallback);
  if (permission === null) return { effects: leaving(seat, after), notes: [] };
  const notes = action === 'hold' ? holdNotes(after, isUnmuteOff) : [];
  if (!seat.isPresent) return { effects: ['takes effect when they join'], notes };
  if (permission === undefined) return { effects: [], notes };
  const later =
    before.role && after.role ? notLiveChangeable(before.role.grants, after.role.grants) : [];
  if (later.length > 0) notes.push(`changes only when they rejoin: ${listInWords(later)}`);
  const had: Heard = {
    ...(seat.permission ?? before.role?.permission ?? NOTHING),
    mutes: mutesWanted(before.wanted),
  };
  const { mutes } = permission;
  const ours = seat.tracks.filter(({ sid }) => Object.hasOwn(before.facts.mutedTracks, sid));
  const freed = ours.filter((track) => track.isMuted && !isToBeMuted(track, mutes));
  if (isUnmuteOff && freed.length > 0) notes.push(`stays muted: ${UNMUTE_OFF}`);
  const isFreed = (track: ObservedTrack) => !isUnmuteOff && freed.includes(track);
  const tracks = seat.tracks.map((track) => ({ ...track, isMutedByUs: isFreed(track) }));
  return { effects: describePermissions(had, permission, tracks), notes };
}

/** From one permission to another, for somebody who publishes `tracks`. */
export function describePermissions(
  had: Heard,
  has: Heard,
  tracks: readonly (ObservedTrack & { readonly isMutedByUs?: boolean })[],
): string[] {
  // Data tracks go with the right to send data, which has a sentence of its own.
  const media = tracks.filter(({ type }) => type !== 'data');
  const sentences = effectsOf(had, has, media);
  return isLoss(had, has) ? [...sentences, ...keeping(has, media)] : sentences;
}

export function describeRemoval(seat: Seat): string[] {
  if (!seat.isPresent) return ['is not in the room'];
  return ['leaves the room; can come back with a token', ...ending(seat.tracks)];
}

export function describeMute(tracks: readonly ObservedTrack[]): string[] {
  if (tracks.length === 0) return ['has nothing on that could be muted'];
  return [
    ...tracks.map(({ source }) => `mutes their ${sourceName(source)}`),
    'can unmute themselves at any time',
  ];
}

/** The published tracks that LiveKit takes away or mutes when it gets `after`. */
export function tracksTaken(
  { isPresent, tracks }: Pick<Seat, 'isPresent' | 'tracks'>,
  after: Publishing | null | undefined,
): TakenTrack[] {
  if (!isPresent || after === undefined) return [];
  return tracks
    .filter((track) => !mayStay(track, after) && !isSilent(track, after))
    .map(({ sid, source }) => ({ sid, source }));
}

/** The part of it that decides which tracks may stay. */
export function publishingOf(after: PermissionAfter | undefined): { allows?: Publishing | null } {
  if (!after) return after === null ? { allows: null } : {};
  const { canPublish, canPublishSources, canPublishData, mutes = [] } = after;
  const muting = mutes.length > 0 ? { mutes } : {};
  return { allows: { canPublish, canPublishSources, canPublishData, ...muting } };
}

function mayStay({ type, source }: ObservedTrack, after: Publishing | null): boolean {
  if (!after) return false;
  if (type === 'data') return after.canPublishData;
  if (isToBeMuted({ type, source }, after.mutes)) return false;
  return after.canPublish && after.canPublishSources.includes(source);
}

/** The track is muted already, so muting takes nothing. */
function isSilent(track: ObservedTrack, after: Publishing | null): boolean {
  return track.isMuted && isToBeMuted(track, after?.mutes);
}

function leaving(seat: Seat, { input, decision }: Evaluation): string[] {
  const until = input.seat?.block?.until;
  const isBlocked = decision.verdict === 'refuse' && decision.code === 'seat.blocked';
  const length = isBlocked ? (until ? ` until ${time(until)}` : ' until they are unblocked') : '';
  return seat.isPresent
    ? [`leaves the room, and no token lets them back in${length}`, ...ending(seat.tracks)]
    : [`no token lets them in${length}`];
}

function ending(tracks: readonly ObservedTrack[]): string[] {
  const names = [...new Set(tracks.map(({ source }) => sourceName(source)))];
  if (names.length === 0) return [];
  return [`their ${listInWords(names)} ${names.length === 1 ? 'ends' : 'end'} at once`];
}

function holdNotes({ input, silencing }: Evaluation, isUnmuteOff: boolean): string[] {
  const hold = input.seat?.hold;
  if (!hold) return [];
  const end = hold.until ? `until ${time(hold.until)}` : 'until somebody releases them';
  const sources = listInWords(hold.sources.map(sourceName));
  if (silencing === 'revoke') return [`cannot turn on ${sources} ${end}`];
  const kept = `${sources}: muted ${end}; the right to publish stays`;
  const after = 'after that they stay muted until they unmute themselves or connect again';
  return isUnmuteOff ? [kept, `${UNMUTE_OFF}: ${after}`] : [kept];
}

function keeping(has: Heard, tracks: readonly ObservedTrack[]): string[] {
  const stay = tracks.filter((track) => mayStay(track, has));
  const kept = [
    ...new Set(stay.map(({ source }) => `their ${sourceName(source)}`)),
    ...(has.canPublishData ? ['chat'] : []),
    ...(has.canSubscribe ? ['listening'] : []),
  ];
  return kept.length === 0
    ? ['keeps nothing but their place in the room']
    : [`keeps ${listInWords(kept)}`];
}

function isLoss(had: Heard, has: Heard): boolean {
  if (has.mutes?.some((source) => !had.mutes?.includes(source))) return true;
  const may = (permission: PermissionLike, source: string) =>
    permission.canPublish && permission.canPublishSources.includes(source);
  return (
    (had.canPublishData && !has.canPublishData) ||
    (had.canSubscribe && !has.canSubscribe) ||
    had.canPublishSources.some((source) => may(had, source) && !may(has, source))
  );
}

function time(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
