/** The room service: its methods, and how people and rooms look in its answers. */
import {
  CreateRoomRequest,
  DeleteRoomRequest,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  ParticipantInfo,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  Room,
  RoomParticipantIdentity,
  SendDataRequest,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
} from '@livekit/protocol';
import type { LiveKitDouble } from './livekit-double.ts';
import { type RoomState, SOURCE_NUMBERS, type Track } from './model.ts';
import { DoubleParticipant } from './participant.ts';

export interface Handler {
  readonly needs: 'roomAdmin' | 'roomCreate' | 'roomList';
  read(isBinary: boolean, body: Buffer): unknown;
  about(input: unknown): { room: string; identity: string };
  run(double: LiveKitDouble, input: unknown, isBinary: boolean): Buffer;
}

interface Message<T> {
  fromJson(json: never, options?: { ignoreUnknownFields: boolean }): T;
  fromBinary(bytes: Uint8Array): T;
}

function handler<T extends object>(
  needs: Handler['needs'],
  message: Message<T>,
  answer: Message<{ toBinary(): Uint8Array }> | null,
  run: (double: LiveKitDouble, input: T) => unknown,
): Handler {
  return {
    needs,
    read: (isBinary, body) =>
      isBinary
        ? message.fromBinary(new Uint8Array(body))
        : message.fromJson(JSON.parse(body.toString() || '{}') as never, {
            ignoreUnknownFields: true,
          }),
    about: (input) => {
      const { room, name, identity } = input as { room?: string; name?: string; identity?: string };
      return { room: room ?? name ?? '', identity: identity ?? '' };
    },
    run: (double, input, isBinary) => {
      const json = run(double, input as T) ?? {};
      if (json instanceof DoubleParticipant) {
        return Buffer.from(
          isBinary ? participantMessage(json).toBinary() : JSON.stringify(participantJson(json)),
        );
      }
      if (!isBinary) return Buffer.from(JSON.stringify(json));
      return answer ? Buffer.from(answer.fromJson(json as never).toBinary()) : Buffer.alloc(0);
    },
  };
}

export const METHODS: Readonly<Record<string, Handler>> = {
  ListRooms: handler('roomList', ListRoomsRequest, ListRoomsResponse, (double, { names }) => ({
    rooms: double.list(names).map(roomJson),
  })),
  CreateRoom: handler('roomCreate', CreateRoomRequest, Room, (double, request) =>
    roomJson(double.create(request)),
  ),
  DeleteRoom: handler('roomCreate', DeleteRoomRequest, null, (double, { room }) => {
    double.finish(double.room(room));
  }),
  UpdateRoomMetadata: handler('roomAdmin', UpdateRoomMetadataRequest, Room, (double, request) => {
    const room = double.room(request.room);
    room.metadata = request.metadata;
    return roomJson(room);
  }),
  ListParticipants: handler(
    'roomAdmin',
    ListParticipantsRequest,
    ListParticipantsResponse,
    (double, { room }) => ({ participants: double.people(room).map(participantJson) }),
  ),
  GetParticipant: handler(
    'roomAdmin',
    RoomParticipantIdentity,
    ParticipantInfo,
    (double, { room, identity }) => double.person(room, identity),
  ),
  UpdateParticipant: handler(
    'roomAdmin',
    UpdateParticipantRequest,
    ParticipantInfo,
    (double, request) => double.update(request),
  ),
  RemoveParticipant: handler(
    'roomAdmin',
    RoomParticipantIdentity,
    null,
    (double, { room, identity }) => {
      double.end(double.person(room, identity), 'PARTICIPANT_REMOVED', 'RemoveParticipant');
    },
  ),
  MutePublishedTrack: handler(
    'roomAdmin',
    MuteRoomTrackRequest,
    MuteRoomTrackResponse,
    (double, { room, identity, trackSid, muted }) => {
      const track = double.mute(room, identity, trackSid, muted);
      return track ? { track: trackJson(track) } : {};
    },
  ),
  SendData: handler('roomAdmin', SendDataRequest, null, (double, { room }) => {
    double.room(room);
  }),
};

export function roomJson(room: RoomState): Record<string, unknown> {
  return {
    sid: room.sid,
    name: room.name,
    emptyTimeout: room.emptyTimeout,
    departureTimeout: room.departureTimeout,
    maxParticipants: room.maxParticipants,
    creationTime: String(Math.floor(room.createdAt / 1000)),
    creationTimeMs: String(room.createdAt),
    metadata: room.metadata,
    numParticipants: room.people.size,
  };
}

export function participantJson(person: DoubleParticipant): Record<string, unknown> {
  return {
    sid: person.sid,
    identity: person.identity,
    name: person.name,
    kind: person.kind,
    state: person.isHere ? person.state : 'DISCONNECTED',
    metadata: person.metadata,
    attributes: person.attributes,
    joinedAt: String(Math.floor(person.joinedAt / 1000)),
    joinedAtMs: String(person.joinedAt),
    permission: person.permission,
    tracks: person.tracks.map(trackJson),
    isPublisher: person.tracks.length > 0,
  };
}

/** `participantJson` as a message, without the way through JSON: what calls are answered with. */
function participantMessage(person: DoubleParticipant): ParticipantInfo {
  if (person.tracks.length > 0) return ParticipantInfo.fromJson(participantJson(person) as never);
  const { canPublishSources, ...flags } = person.permission;
  return new ParticipantInfo({
    sid: person.sid,
    identity: person.identity,
    name: person.name,
    kind: ParticipantInfo_Kind[person.kind],
    state: ParticipantInfo_State[person.isHere ? person.state : 'DISCONNECTED'],
    metadata: person.metadata,
    attributes: person.attributes,
    joinedAt: BigInt(Math.floor(person.joinedAt / 1000)),
    joinedAtMs: BigInt(person.joinedAt),
    permission: {
      ...flags,
      canPublishSources: canPublishSources.map((source) => SOURCE_NUMBERS.indexOf(source)),
    },
  });
}

export function trackJson({
  sid,
  source,
  name,
  at,
  type: told,
  isMuted,
}: Track): Record<string, unknown> {
  const type = told ?? (source === 'CAMERA' || source === 'SCREEN_SHARE' ? 'VIDEO' : 'AUDIO');
  const version = { unixMicro: String(at * 1_000) };
  return { sid, source, name, type, version, muted: isMuted };
}
