import { DataPacket_Kind, RoomServiceClient } from 'livekit-server-sdk';
import type { ParticipantPermission } from '../grants/compile-grant.js';
import { isNotFound, isTransient, toAppError } from './livekit-error.js';
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

/** A moderator waits for the answer: longer than this, and `pending` is the better one. */
const REQUEST_TIMEOUT_SECONDS = 2.5;
const RETRY_DELAYS_MS = [80, 240];
const TOKEN_SECONDS = 600;
/** A token is replaced this long before LiveKit would refuse it. */
const RENEW_SECONDS = 120;
const MAX_CACHED_ROOMS = 2_000;
const HINT_TOPIC = 'rolecall';

interface CachedClient {
  readonly client: RoomServiceClient;
  readonly renewAt: number;
}

/**
 * The SDK signs a token for each call unless it is given one: it is given one for each room, good
 * for that room only, and one that may list and create rooms. Connections are kept alive by
 * Node's `fetch`. The SDK tries again on LiveKit Cloud only, so that is done here.
 */
export class LiveKitRooms extends RoomsPort {
  private readonly url: string;
  private readonly signer: TokenSigner;
  private readonly roomClients = new Map<string, CachedClient>();
  private serverClient: CachedClient | null = null;

  constructor(private readonly settings: LiveKitSettings) {
    super();
    this.url = toHttpUrl(settings.url);
    this.signer = new TokenSigner(settings);
  }

  async listRooms(names: readonly string[] = []): Promise<ObservedRoom[]> {
    const rooms = await this.call(() => this.server().listRooms([...names]));
    return rooms.map(toObservedRoom);
  }

  async createRoom(options: RoomOptions): Promise<ObservedRoom> {
    return toObservedRoom(await this.call(() => this.server().createRoom({ ...options })));
  }

  async deleteRoom(room: string): Promise<void> {
    await this.unlessNotFound(() => this.call(() => this.server().deleteRoom(room)));
  }

  async updateRoomMetadata(room: string, metadata: string): Promise<ObservedRoom> {
    return toObservedRoom(
      await this.call(() => this.room(room).updateRoomMetadata(room, metadata)),
    );
  }

  async listParticipants(room: string): Promise<ObservedParticipant[]> {
    const participants = await this.call(() => this.room(room).listParticipants(room));
    return participants.map(toObservedParticipant);
  }

  async findParticipant(room: string, identity: string): Promise<ObservedParticipant | null> {
    const found = await this.unlessNotFound(() =>
      this.call(() => this.room(room).getParticipant(room, identity)),
    );
    return found ? toObservedParticipant(found) : null;
  }

  async setPermission(
    room: string,
    identity: string,
    permission: ParticipantPermission,
  ): Promise<ObservedParticipant> {
    const info = await this.call(() =>
      this.room(room).updateParticipant(room, identity, {
        permission: toSdkPermission(permission),
      }),
    );
    return toObservedParticipant(info);
  }

  async removeParticipant(room: string, identity: string): Promise<boolean> {
    const removed = await this.unlessNotFound(async () => {
      await this.call(() => this.room(room).removeParticipant(room, identity));
      return true;
    });
    return removed ?? false;
  }

  async muteTrack(room: string, identity: string, trackSid: string): Promise<ObservedTrack | null> {
    const track = await this.unlessNotFound(() =>
      this.call(() => this.room(room).mutePublishedTrack(room, identity, trackSid, true)),
    );
    return track ? toObservedTrack(track) : null;
  }

  async hint(room: string, identity: string): Promise<void> {
    await this.call(() =>
      this.room(room).sendData(room, new Uint8Array(), DataPacket_Kind.RELIABLE, {
        destinationIdentities: [identity],
        topic: HINT_TOPIC,
      }),
    );
  }

  private async call<T>(attempt: () => Promise<T>): Promise<T> {
    for (const delay of RETRY_DELAYS_MS) {
      try {
        return await attempt();
      } catch (error) {
        if (!isTransient(error)) throw toAppError(error);
      }
      await new Promise((resolve) => setTimeout(resolve, delay));
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

  private server(): RoomServiceClient {
    if (!isFresh(this.serverClient)) {
      this.serverClient = this.client({ roomCreate: true, roomList: true });
    }
    return this.serverClient.client;
  }

  private room(name: string): RoomServiceClient {
    let cached = this.roomClients.get(name) ?? null;
    if (!isFresh(cached)) {
      cached = this.client({ roomAdmin: true, room: name });
      this.roomClients.delete(name);
      this.roomClients.set(name, cached);
      this.forgetOldest();
    }
    return cached.client;
  }

  private forgetOldest(): void {
    if (this.roomClients.size <= MAX_CACHED_ROOMS) return;
    for (const oldest of this.roomClients.keys()) {
      this.roomClients.delete(oldest);
      return;
    }
  }

  private client(video: Record<string, unknown>): CachedClient {
    const now = Math.floor(Date.now() / 1000);
    const token = this.signer.sign({ nbf: now, exp: now + TOKEN_SECONDS, video });
    return {
      client: new RoomServiceClient(this.url, this.settings.apiKey, this.settings.apiSecret, {
        token,
        requestTimeout: REQUEST_TIMEOUT_SECONDS,
        failover: false,
      }),
      renewAt: now + TOKEN_SECONDS - RENEW_SECONDS,
    };
  }
}

function isFresh(cached: CachedClient | null): cached is CachedClient {
  return cached !== null && Date.now() / 1000 < cached.renewAt;
}
