import { randomBytes } from 'node:crypto';
import { SignalResponse, type UpdateParticipantRequest } from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { LiveKitDouble } from './livekit-double.ts';
import {
  type Kind,
  mayPublish,
  type Permission,
  Refused,
  type Source,
  type Track,
} from './model.ts';

export class DoubleParticipant {
  readonly sid = `PA_${randomBytes(6).toString('hex')}`;
  readonly joinedAt: number;
  readonly identity: string;
  readonly room: string;
  permission: Permission;
  kind: Kind = 'STANDARD';
  state: 'JOINED' | 'ACTIVE' = 'JOINED';
  isHere = true;
  /** Why the connection ended, by LiveKit's name for it. */
  reason: string | null = null;
  name = '';
  metadata = '';
  attributes: Record<string, string> = {};
  readonly tracks: Track[] = [];
  private newestToken: string | (() => string) = '';
  /** What the token gave: kept by LiveKit from refresh to refresh. */
  readonly video: Record<string, unknown>;
  socket: WebSocket | null = null;
  private readonly server: LiveKitDouble;

  constructor(
    server: LiveKitDouble,
    claims: { identity: string; room: string; video: Record<string, unknown>; name: string },
    permission: Permission,
  ) {
    this.server = server;
    this.identity = claims.identity;
    this.room = claims.room;
    this.video = claims.video;
    this.name = claims.name;
    this.permission = permission;
    this.joinedAt = server.nextJoinOf(claims);
  }

  /** The newest token that LiveKit refreshed for it: the grants of now, ten minutes more. */
  get token(): string {
    if (typeof this.newestToken === 'function') this.newestToken = this.newestToken();
    return this.newestToken;
  }

  /** Who signals to nobody is sent none: it is signed when it is asked for, as of now. */
  refreshToken(sign: () => string): void {
    this.newestToken = sign;
  }

  /** Publishes a track, as its right to allows. `at`: when LiveKit says that its media came. */
  publish(source: Source, name = '', at = Date.now(), type?: Track['type']): Track {
    if (!this.isHere || !mayPublish(this.permission, source)) {
      throw new Refused(403, 'permission_denied', `may not publish ${source}`);
    }
    const sid = `TR_${randomBytes(6).toString('hex')}`;
    const track: Track = { sid, source, name, isMuted: false, at, ...(type ? { type } : {}) };
    this.tracks.push(track);
    this.server.tell('track_published', this, track);
    return track;
  }

  /** Ends what they publish of this source, by themselves. */
  unpublish(source: Source): void {
    for (const track of this.tracks.filter((one) => one.source === source)) {
      this.tracks.splice(this.tracks.indexOf(track), 1);
      this.server.tell('track_unpublished', this, track);
    }
  }

  /** By themselves. No webhook tells of it. */
  setMuted(source: Source, isMuted: boolean): void {
    for (const track of this.tracks) if (track.source === source) track.isMuted = isMuted;
  }

  leave(): void {
    this.server.end(this, 'CLIENT_INITIATED', 'the participant');
  }

  /** A full reconnect: another connection, with the newest token that this one was sent. */
  reconnect(): DoubleParticipant {
    return this.server.join(this.token);
  }

  /** Name and metadata: empty is no change. Attributes: per key. Whether anything changed. */
  rename(request: UpdateParticipantRequest): boolean {
    const attributes = Object.entries(request.attributes);
    if (!request.name && !request.metadata && attributes.length === 0) return false;
    const before = JSON.stringify([this.name, this.metadata, this.attributes]);
    this.name = request.name || this.name;
    this.metadata = request.metadata || this.metadata;
    for (const [key, value] of attributes) {
      if (value === '') delete this.attributes[key];
      else this.attributes[key] = value;
    }
    return before !== JSON.stringify([this.name, this.metadata, this.attributes]);
  }

  /** Of a token with the rights of this moment. */
  claims() {
    const { canUpdateMetadata, ...shared } = this.permission;
    const sources = shared.canPublishSources.map((source) => source.toLowerCase());
    return {
      sub: this.identity,
      name: this.name,
      video: {
        ...this.video,
        ...shared,
        canPublishSources: sources,
        canUpdateOwnMetadata: canUpdateMetadata,
      },
    };
  }

  signal(message: Record<string, unknown>): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(SignalResponse.fromJson(message as never).toBinary());
  }
}
