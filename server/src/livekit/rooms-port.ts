import type { AgentDispatch } from '../grants/issuer-ceiling.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import type { ObservedParticipant, ObservedRoom, ObservedTrack } from './participant-view.js';

/** What a room is created with. LiveKit ignores all of it for a room that exists already. */
export interface RoomOptions {
  readonly name: string;
  readonly emptyTimeout?: number;
  readonly departureTimeout?: number;
  readonly maxParticipants?: number;
  readonly metadata?: string;
  readonly agents?: readonly AgentDispatch[];
}

/**
 * LiveKit's room service, in our words. Every call is absolute, so every call may be repeated.
 * Failures are `AppError`s: `livekit.not_found` (404), `livekit.conflict` (409),
 * `livekit.unavailable` (503: down, too slow, failing) and `livekit.refused` (502: answers, but
 * will not do it).
 */
export abstract class RoomsPort {
  abstract listRooms(names?: readonly string[]): Promise<ObservedRoom[]>;

  /** Creates the room, or answers with the one that is there, unchanged. */
  abstract createRoom(options: RoomOptions): Promise<ObservedRoom>;

  /** Ends the room for everybody in it. A room that is not there is no error. */
  abstract deleteRoom(room: string): Promise<void>;

  abstract updateRoomMetadata(room: string, metadata: string): Promise<ObservedRoom>;

  /** Everybody in the room, also hidden and without media; empty for an unknown room. */
  abstract listParticipants(room: string): Promise<ObservedParticipant[]>;

  /** Null when LiveKit does not know the participant, which never means that they are gone. */
  abstract findParticipant(room: string, identity: string): Promise<ObservedParticipant | null>;

  /**
   * Replaces the whole permission and answers with what LiveKit has then. `unknown` among the sources
   * gives every source, as LiveKit itself means an empty list.
   */
  abstract setPermission(
    room: string,
    identity: string,
    permission: PermissionLike,
  ): Promise<ObservedParticipant>;

  /** Ends the connection; who holds a token may come back. False when there was none. */
  abstract removeParticipant(room: string, identity: string): Promise<boolean>;

  /** Muting leaves the right to publish, and to unmute oneself. Null for an unknown track. */
  abstract muteTrack(
    room: string,
    identity: string,
    trackSid: string,
  ): Promise<ObservedTrack | null>;

  /**
   * Only for tracks that `muteTrack` muted for a hold or a scene, and never a person's own. Null for
   * an unknown track. Fails with `livekit.remote_unmute_off` (409) where LiveKit does not allow it.
   */
  abstract unmuteTrack(
    room: string,
    identity: string,
    trackSid: string,
  ): Promise<ObservedTrack | null>;

  /**
   * Tells one participant that something about them changed, and nothing more: an empty data packet
   * of the topic `rolecall`. It may be lost, and anybody may forge it; it only means *ask again*.
   */
  abstract hint(room: string, identity: string): Promise<void>;
}
