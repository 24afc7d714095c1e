/**
 * A LiveKit that does what it is told: an in-process server with LiveKit's own semantics (v1.13.5)
 * that can be slow, fail, hang, lose its state, and lose, repeat, delay or reorder its webhooks.
 * For tests and benchmarks only; what matters is also shown on a real server.
 *
 *   const livekit = await LiveKitDouble.start({ webhookUrl });      // fits startLiveApp({ livekit })
 *   const ana = livekit.join({ room, identity: 'ana', permission: ALL_RIGHTS }); // past the gate
 *   const end = livekit.inject({ on: 'UpdateParticipant', then: 'fail', times: 3 });
 *   livekit.webhooks.mode = 'lost';
 *   await livekit.restart();                                       // knows nothing of before
 *   livekit.calls('UpdateParticipant'); livekit.changes(room, 'ana');
 *
 * Through the gate people come as to a real server: over WebSocket, at `/rtc` (livekit-signal.ts).
 * Node strips the types, so that a benchmark runs it as well: see process.ts.
 */
import { randomBytes } from 'node:crypto';
import {
  CreateRoomRequest,
  SignalRequest,
  SignalResponse,
  type UpdateParticipantRequest,
} from '@livekit/protocol';
import { WebSocket } from 'ws';
import { Admission } from './admission.ts';
import { CallCounts } from './call-counts.ts';
import { Faults } from './faults.ts';
import { METHODS, participantJson, roomJson, trackJson } from './methods.ts';
import {
  type Change,
  type DoubleOptions,
  type Fault,
  type JoinOptions,
  mayPublish,
  type Permission,
  permissionOfMessage,
  Refused,
  type RoomState,
  type Ticket,
  type Track,
} from './model.ts';
import { DoubleParticipant } from './participant.ts';
import { Programs } from './programs.ts';
import { DoubleServer } from './server.ts';
import { seconds, signJwt } from './tokens.ts';
import { Webhooks } from './webhooks.ts';

const REFRESHED_SECONDS = 600;

export class LiveKitDouble {
  readonly apiKey: string;
  readonly apiSecret: string;
  url = '';
  httpUrl = '';
  readonly webhooks: Webhooks;
  readonly programs = new Programs();
  /** What happened to people, in order. */
  readonly history: Change[] = [];
  /** `room.enable_remote_unmute`. */
  isRemoteUnmuteOn = true;
  private readonly lastJoins = new Map<string, number>();
  private readonly rooms = new Map<string, RoomState>();
  private readonly admission: Admission;
  private readonly faults: Faults;
  private readonly counts = new CallCounts();
  private readonly server: DoubleServer;

  private constructor(options: DoubleOptions) {
    this.apiKey = options.apiKey ?? 'APIdouble';
    this.apiSecret = options.apiSecret ?? 'secret-of-the-double-of-a-livekit-server';
    this.webhooks = new Webhooks(options.webhookUrl ?? null, (claims) =>
      this.sign({ ...claims, nbf: seconds() }),
    );
    if (options.hasRedis) this.programs.startRedis();
    this.admission = new Admission(this.apiKey, this.apiSecret);
    this.faults = new Faults(options.latencyMs);
    this.server = new DoubleServer(this, this.admission, this.faults, this.counts);
  }

  static async start(options: DoubleOptions = {}): Promise<LiveKitDouble> {
    const double = new LiveKitDouble(options);
    await double.listen(options.port ?? 0);
    return double;
  }

  log(): string {
    return '';
  }

  /** Ends it as a crash would: no webhook, no goodbye, everything forgotten. */
  async crash(): Promise<void> {
    this.webhooks.forget();
    for (const room of this.rooms.values()) {
      if (room.timer) clearTimeout(room.timer);
      for (const person of room.people.values()) this.cut(person, 'SERVER_SHUTDOWN');
    }
    this.rooms.clear();
    await this.server.close();
  }

  /** At the same address, knowing nothing of before. */
  async restart(): Promise<void> {
    await this.crash();
    await this.listen(this.server.port);
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.crash();
    this.server.end();
  }

  /** It is there, and does not answer. */
  freeze(): void {
    this.faults.freeze();
  }

  thaw(): void {
    this.faults.thaw();
  }

  /** From now on calls suffer this; answers with what ends it. */
  inject(fault: Fault): () => void {
    return this.faults.inject(fault);
  }

  heal(): void {
    this.faults.heal();
  }

  /** Nobody leaves a real server and is back within the same millisecond. */
  nextJoinOf({ room, identity }: { room: string; identity: string }): number {
    const key = JSON.stringify([room, identity]);
    const at = Math.max(Date.now(), (this.lastJoins.get(key) ?? 0) + 1);
    this.lastJoins.set(key, at);
    return at;
  }

  /** Somebody joins, whatever rights they bring. Throws `Refused` as LiveKit answers. */
  join(ticket: Ticket, options: JoinOptions = {}): DoubleParticipant {
    const { claims, permission } = this.admission.admit(ticket);
    const room = this.rooms.get(claims.room);
    if (!room) throw new Refused(404, 'not_found', 'requested room does not exist');
    if (room.maxParticipants > 0 && room.people.size >= room.maxParticipants) {
      throw new Refused(500, 'internal', 'connection closed by media');
    }
    const old = room.people.get(claims.identity);
    if (old) this.end(old, 'DUPLICATE_IDENTITY', 'another connection');
    if (room.timer) clearTimeout(room.timer);
    room.timer = null;
    const person = new DoubleParticipant(this, claims, permission);
    person.kind = options.kind ?? 'STANDARD';
    room.people.set(person.identity, person);
    this.refresh(person);
    this.note(person, 'joined', 'the participant');
    if (!options.isLurker) this.activate(person);
    return person;
  }

  /** Media is up: only now LiveKit tells of them. */
  activate(person: DoubleParticipant): void {
    if (!person.isHere || person.state === 'ACTIVE') return;
    person.state = 'ACTIVE';
    this.tell('participant_joined', person);
  }

  /** Makes a room as if a token had been issued for it, past the API and uncounted. */
  openRoom(name: string, options: Partial<Pick<RoomState, 'departureTimeout'>> = {}): void {
    this.create(new CreateRoomRequest({ name, departureTimeout: 3, ...options }));
  }

  end(person: DoubleParticipant, reason: string, by: string): void {
    if (!person.isHere) return;
    this.cut(person, reason);
    const room = this.rooms.get(person.room);
    if (room?.people.get(person.identity) === person) {
      room.people.delete(person.identity);
      if (room.people.size === 0) this.expire(room, room.departureTimeout);
    }
    this.note(person, 'left', by);
    for (const track of person.tracks) this.tell('track_unpublished', person, track);
    const wasActive = person.state === 'ACTIVE';
    this.tell(wasActive ? 'participant_left' : 'participant_connection_aborted', person);
  }

  tell(event: string, person: DoubleParticipant, track?: Track): void {
    const room = this.rooms.get(person.room);
    if (!room) return;
    this.webhooks.take({
      id: `EV_${randomBytes(6).toString('hex')}`,
      event,
      createdAt: String(seconds()),
      room: track ? { sid: room.sid, name: room.name } : roomJson(room),
      participant: track
        ? { sid: person.sid, identity: person.identity }
        : { ...participantJson(person), disconnectReason: person.reason ?? undefined },
      ...(track && { track: trackJson(track) }),
    });
  }

  /** Who is there now. */
  people(room: string): DoubleParticipant[] {
    return [...(this.rooms.get(room)?.people.values() ?? [])];
  }

  find(room: string, identity: string): DoubleParticipant | null {
    return this.rooms.get(room)?.people.get(identity) ?? null;
  }

  hasRoom(name: string): boolean {
    return this.rooms.has(name);
  }

  calls(method?: string, room?: string): number {
    return this.counts.sum(method, room);
  }

  callsByMethod(): Record<string, number> {
    return this.counts.byMethod();
  }

  resetCounters(): void {
    this.counts.reset();
    this.history.splice(0);
  }

  /** What calls really changed about somebody: what repeats what is there already is none. */
  changes(room: string, identity: string): Change[] {
    return this.history.filter(
      (change) =>
        change.room === room &&
        change.identity === identity &&
        (change.kind === 'permission' || (change.kind === 'left' && change.by in METHODS)),
    );
  }

  sign(claims: Record<string, unknown>): string {
    return signJwt({ iss: this.apiKey, ...claims }, this.apiSecret);
  }

  private async listen(port: number): Promise<void> {
    await this.server.listen(port);
    this.url = `ws://127.0.0.1:${this.server.port}`;
    this.httpUrl = `http://127.0.0.1:${this.server.port}`;
  }

  /** `reconnect=1` resumes the connection that is there, `lurk=1` never becomes active. */
  attend(ws: WebSocket, ticket: string, query: URLSearchParams): void {
    const { claims } = this.admission.admit(ticket);
    const known = this.find(claims.room, claims.identity);
    const isResume = query.get('reconnect') === '1';
    if (isResume && !known) {
      const leave = { reason: 'STATE_MISMATCH', action: 'RECONNECT' } as const;
      ws.send(SignalResponse.fromJson({ leave }).toBinary());
      ws.close();
      return;
    }
    let person: DoubleParticipant;
    try {
      person = isResume && known ? known : this.join(ticket, { isLurker: true });
    } catch {
      ws.close(); // the room ended, or filled up, while the sockets were joined
      return;
    }
    person.socket?.removeAllListeners('close');
    person.socket = ws;
    ws.on('message', (data) => {
      const { message } = SignalRequest.fromBinary(new Uint8Array(data as Buffer));
      if (message.case === 'leave') person.leave();
    });
    ws.on('error', () => ws.terminate());
    ws.on('close', () => {
      if (person.socket === ws) this.end(person, 'SIGNAL_CLOSE', 'the participant');
    });
    person.signal({
      join: { participant: participantJson(person), room: { name: person.room } },
    });
    if (person.socket) person.signal({ refreshToken: person.token });
    if (query.get('lurk') !== '1') this.activate(person);
  }

  private cut(person: DoubleParticipant, reason: string): void {
    person.signal({ leave: { reason } });
    person.isHere = false;
    person.reason = reason;
    person.tracks.splice(0);
    const { socket } = person;
    person.socket = null;
    socket?.close();
  }

  private expire(room: RoomState, afterSeconds: number): void {
    if (room.timer) clearTimeout(room.timer);
    room.timer = setTimeout(() => this.finish(room), afterSeconds * 1000);
    room.timer.unref();
  }

  finish(room: RoomState): void {
    if (this.rooms.get(room.name) !== room) return;
    if (room.timer) clearTimeout(room.timer);
    for (const person of [...room.people.values()]) this.end(person, 'ROOM_DELETED', 'DeleteRoom');
    if (room.timer) clearTimeout(room.timer);
    this.rooms.delete(room.name);
    this.announce('room_finished', room);
  }

  private announce(event: string, room: RoomState): void {
    this.webhooks.take({
      id: `EV_${randomBytes(6).toString('hex')}`,
      event,
      createdAt: String(seconds()),
      room: roomJson(room),
    });
  }

  private note(person: DoubleParticipant, kind: Change['kind'], by: string): void {
    const permission = kind === 'permission' ? person.permission : null;
    const { room, identity, sid } = person;
    this.history.push({ at: performance.now(), room, identity, sid, kind, by, permission });
  }

  private refresh(person: DoubleParticipant): void {
    const now = seconds();
    const claims = person.claims();
    person.refreshToken(() => this.sign({ ...claims, nbf: now, exp: now + REFRESHED_SECONDS }));
    // Asked for only when somebody hears it: signing costs.
    if (person.socket) person.signal({ refreshToken: person.token });
  }

  // What the methods of the room service do.

  create(request: CreateRoomRequest): RoomState {
    const known = this.rooms.get(request.name);
    if (known) return known;
    const room: RoomState = {
      sid: `RM_${randomBytes(6).toString('hex')}`,
      name: request.name,
      createdAt: Date.now(),
      emptyTimeout: request.emptyTimeout || 300,
      departureTimeout: request.departureTimeout || 20,
      maxParticipants: request.maxParticipants,
      metadata: request.metadata,
      people: new Map(),
      timer: null,
    };
    this.rooms.set(room.name, room);
    this.expire(room, room.emptyTimeout);
    this.announce('room_started', room);
    return room;
  }

  list(names: readonly string[]): RoomState[] {
    const all = [...this.rooms.values()];
    return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  }

  room(name: string): RoomState {
    const room = this.rooms.get(name);
    if (!room) throw new Refused(404, 'not_found', 'requested room does not exist');
    return room;
  }

  person(room: string, identity: string): DoubleParticipant {
    const person = this.find(room, identity);
    if (!person) throw new Refused(404, 'not_found', 'participant does not exist');
    return person;
  }

  /** Name and metadata: empty is no change. Attributes: per key. Permission: replaced whole. */
  update(request: UpdateParticipantRequest): DoubleParticipant {
    const person = this.person(request.room, request.identity);
    const isRenamed = person.rename(request);
    const isChanged = request.permission
      ? this.permit(person, permissionOfMessage(request.permission))
      : false;
    if (isRenamed || isChanged) {
      this.refresh(person);
      person.signal({ update: { participants: [participantJson(person)] } });
    }
    return person;
  }

  /** Null for a track that is not there, which is no error; whether it is allowed comes first. */
  mute(room: string, identity: string, sid: string, isMuted: boolean): Track | null {
    const person = this.person(room, identity);
    if (!isMuted && !this.isRemoteUnmuteOn) {
      throw new Refused(412, 'failed_precondition', 'remote unmute not enabled');
    }
    const track = person.tracks.find((one) => one.sid === sid);
    if (!track) return null;
    if (track.isMuted !== isMuted) this.note(person, 'muted', 'MutePublishedTrack');
    track.isMuted = isMuted;
    return track;
  }

  /** False when it is what is there: then LiveKit does nothing at all. */
  private permit(person: DoubleParticipant, permission: Permission): boolean {
    if (JSON.stringify(person.permission) === JSON.stringify(permission)) return false;
    person.permission = permission;
    this.note(person, 'permission', 'UpdateParticipant');
    for (const track of [...person.tracks]) {
      if (mayPublish(permission, track.source)) continue;
      person.tracks.splice(person.tracks.indexOf(track), 1);
      this.note(person, 'unpublished', 'UpdateParticipant');
      this.tell('track_unpublished', person, track);
    }
    return true;
  }
}
