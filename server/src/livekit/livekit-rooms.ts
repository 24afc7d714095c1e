import { randomBytes } from 'node:crypto';
import {
  CreateRoomRequest,
  DataPacket_Kind,
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  ParticipantInfo,
  RemoveParticipantResponse,
  Room,
  RoomParticipantIdentity,
  SendDataRequest,
  SendDataResponse,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
} from '@livekit/protocol';
import { AppError } from '../common/errors/app-error.js';
import { pause } from '../common/pause.js';
import type { PermissionLike } from '../grants/compile-grant.js';
import { isNotFound, isTransient, REMOTE_UNMUTE_OFF, toAppError } from './livekit-error.js';
import { type LiveKitSettings, toHttpUrl } from './livekit.settings.js';
import {
  type ObservedParticipant,
  type ObservedRoom,
  type ObservedTrack,
  toObservedParticipant,
  toObservedRoom,
  toObservedTrack,
  toSdkPermission,
} from './participant-view.js';
import { type RoomOptions, RoomsPort } from './rooms-port.js';
import { TokenSigner } from './signer.js';
import { type TwirpCall, TwirpClient } from './twirp-client.js';

/** A moderator waits for the response: after this time, `pending` is the better answer. */
const REQUEST_TIMEOUT_MS = 2_500;
const RETRY_DELAYS_MS = [80, 240];
const TOKEN_SECONDS = 600;
/** A token is replaced this long before LiveKit would refuse it. */
const RENEW_SECONDS = 120;
const MAX_CACHED_ROOMS = 2_000;
/** As far as the measured clock may go back by itself. */
const CLOCK_SECONDS = 10;
const HINT_TOPIC = 'rolecall';
/** LiveKit recognises repeated data packets by it. */
const NONCE_BYTES = 16;

type Call<T> = Omit<TwirpCall<T>, 'token'>;

interface CachedToken {
  readonly token: string;
  readonly madeAt: number;
  readonly renewAt: number;
}

/**
 * LiveKit's RoomService by its own protocol. Calls are signed by one token for each room, good for
 * that room only, and one that may list and create rooms. What fails for a moment is tried again.
 */
export class LiveKitRooms extends RoomsPort {
  private readonly client: TwirpClient;
  private readonly signer: TokenSigner;
  private readonly roomTokens = new Map<string, CachedToken>();
  private serverToken: CachedToken | null = null;

  /** `now` is LiveKit's time: its own tokens are for nobody else. */
  constructor(
    settings: LiveKitSettings,
    private readonly now: () => Date,
  ) {
    super();
    this.client = new TwirpClient(toHttpUrl(settings.url), REQUEST_TIMEOUT_MS);
    this.signer = new TokenSigner(settings);
  }

  async listRooms(names: readonly string[] = []): Promise<ObservedRoom[]> {
    const { rooms } = await this.askServer({
      method: 'ListRooms',
      request: new ListRoomsRequest({ names: [...names] }),
      answer: ListRoomsResponse,
    });
    return rooms.map(toObservedRoom);
  }

  async createRoom(options: RoomOptions): Promise<ObservedRoom> {
    const { agents = [], ...rest } = options;
    const request = new CreateRoomRequest({ ...rest, agents: agents.map((one) => ({ ...one })) });
    return toObservedRoom(await this.askServer({ method: 'CreateRoom', request, answer: Room }));
  }

  async deleteRoom(room: string): Promise<void> {
    await this.unlessNotFound(() =>
      this.askServer({
        method: 'DeleteRoom',
        request: new DeleteRoomRequest({ room }),
        answer: DeleteRoomResponse,
      }),
    );
  }

  async updateRoomMetadata(room: string, metadata: string): Promise<ObservedRoom> {
    const request = new UpdateRoomMetadataRequest({ room, metadata });
    return toObservedRoom(
      await this.ask(room, { method: 'UpdateRoomMetadata', request, answer: Room }),
    );
  }

  async listParticipants(room: string): Promise<ObservedParticipant[]> {
    const { participants } = await this.ask(room, {
      method: 'ListParticipants',
      request: new ListParticipantsRequest({ room }),
      answer: ListParticipantsResponse,
    });
    return participants.map(toObservedParticipant);
  }

  async findParticipant(room: string, identity: string): Promise<ObservedParticipant | null> {
    const request = new RoomParticipantIdentity({ room, identity });
    const found = await this.unlessNotFound(() =>
      this.ask(room, { method: 'GetParticipant', request, answer: ParticipantInfo }),
    );
    return found ? toObservedParticipant(found) : null;
  }

  async setPermission(
    room: string,
    identity: string,
    permission: PermissionLike,
  ): Promise<ObservedParticipant> {
    const info = await this.ask(room, {
      method: 'UpdateParticipant',
      request: new UpdateParticipantRequest({
        room,
        identity,
        permission: toSdkPermission(permission),
      }),
      answer: ParticipantInfo,
    });
    return toObservedParticipant(info);
  }

  async removeParticipant(room: string, identity: string): Promise<boolean> {
    const removed = await this.unlessNotFound(() =>
      this.ask(room, {
        method: 'RemoveParticipant',
        request: new RoomParticipantIdentity({ room, identity }),
        answer: RemoveParticipantResponse,
      }),
    );
    return removed !== null;
  }

  muteTrack(room: string, identity: string, trackSid: string): Promise<ObservedTrack | null> {
    return this.setMuted(room, { room, identity, trackSid, muted: true });
  }

  async unmuteTrack(
    room: string,
    identity: string,
    trackSid: string,
  ): Promise<ObservedTrack | null> {
    try {
      return await this.setMuted(room, { room, identity, trackSid, muted: false });
    } catch (error) {
      throw isConflict(error) ? remoteUnmuteOff() : error;
    }
  }

  private async setMuted(
    room: string,
    request: { room: string; identity: string; trackSid: string; muted: boolean },
  ): Promise<ObservedTrack | null> {
    const answer = await this.unlessNotFound(() =>
      this.ask(room, {
        method: 'MutePublishedTrack',
        request: new MuteRoomTrackRequest(request),
        answer: MuteRoomTrackResponse,
      }),
    );
    return answer?.track ? toObservedTrack(answer.track) : null;
  }

  async hint(room: string, identity: string): Promise<void> {
    await this.ask(room, {
      method: 'SendData',
      request: new SendDataRequest({
        room,
        kind: DataPacket_Kind.RELIABLE,
        destinationIdentities: [identity],
        topic: HINT_TOPIC,
        nonce: randomBytes(NONCE_BYTES),
      }),
      answer: SendDataResponse,
    });
  }

  private ask<T>(room: string, call: Call<T>): Promise<T> {
    return this.persist(() => this.client.call({ ...call, token: this.tokenFor(room) }));
  }

  private askServer<T>(call: Call<T>): Promise<T> {
    return this.persist(() => this.client.call({ ...call, token: this.tokenForAll() }));
  }

  private async persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (const delay of RETRY_DELAYS_MS) {
      try {
        return await attempt();
      } catch (error) {
        if (!isTransient(error)) throw toAppError(error);
      }
      await pause(delay);
    }
    try {
      return await attempt();
    } catch (error) {
      throw toAppError(error);
    }
  }

  private async unlessNotFound<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      return await call();
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  private tokenForAll(): string {
    if (!this.isFresh(this.serverToken)) {
      this.serverToken = this.sign({ roomCreate: true, roomList: true });
    }
    return this.serverToken.token;
  }

  private tokenFor(room: string): string {
    let cached = this.roomTokens.get(room) ?? null;
    if (!this.isFresh(cached)) {
      cached = this.sign({ roomAdmin: true, room });
      this.roomTokens.delete(room);
      this.roomTokens.set(room, cached);
      this.forgetOldest();
    }
    return cached.token;
  }

  private forgetOldest(): void {
    if (this.roomTokens.size <= MAX_CACHED_ROOMS) return;
    for (const oldest of this.roomTokens.keys()) {
      this.roomTokens.delete(oldest);
      return;
    }
  }

  private sign(video: Record<string, unknown>): CachedToken {
    const now = Math.floor(this.now().getTime() / 1000);
    const token = this.signer.sign({ nbf: now, exp: now + TOKEN_SECONDS, video });
    return { token, madeAt: now, renewAt: now + TOKEN_SECONDS - RENEW_SECONDS };
  }

  /** One of the future was made while LiveKit's clock was ahead. */
  private isFresh(cached: CachedToken | null): cached is CachedToken {
    const now = this.now().getTime() / 1000;
    return cached !== null && now < cached.renewAt && now > cached.madeAt - CLOCK_SECONDS;
  }
}

/** MutePublishedTrack has one precondition (v1.13.5): `room.enable_remote_unmute`. */
function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === 'livekit.conflict';
}

function remoteUnmuteOff(): AppError {
  return new AppError(
    'conflict',
    REMOTE_UNMUTE_OFF,
    'LiveKit does not allow remote unmute: room.enable_remote_unmute is off.',
  );
}
