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
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CreateRoomRequest,
  SignalRequest,
  SignalResponse,
  type UpdateParticipantRequest,
} from '@livekit/protocol';
import { WebSocket, WebSocketServer } from 'ws';
import { type Handler, METHODS, participantJson, roomJson, trackJson } from './methods.ts';
import {
  type Change,
  type DoubleOptions,
  type Fault,
  type JoinOptions,
  mayPublish,
  type Permission,
  permissionOfMessage,
  permissionOfToken,
  Refused,
  type RoomState,
  type Ticket,
  type Track,
} from './model.ts';
import { DoubleParticipant } from './participant.ts';
import { isValidNow, pause, readJwt, seconds, signJwt } from './tokens.ts';
import { Webhooks } from './webhooks.ts';

const REFRESHED_SECONDS = 600;
const MAX_SIGNED = 100;

export class LiveKitDouble {
  readonly apiKey: string;
  readonly apiSecret: string;
  url = '';
  httpUrl = '';
  readonly webhooks: Webhooks;
  /** What happened to people, in order. */
  readonly history: Change[] = [];
  /** `room.enable_remote_unmute`. */
  isRemoteUnmuteOn = true;
  private readonly lastJoins = new Map<string, number>();
  private readonly options: DoubleOptions;
  private readonly rooms = new Map<string, RoomState>();
  private readonly faults: (Fault & { left: number })[] = [];
  /** Method → room → calls. */
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly signed = new Map<string, Record<string, unknown>>();
  private readonly sockets = new Set<Socket>();
  private readonly upgrades = new WebSocketServer({ noServer: true });
  private server: Server | null = null;
  private port = 0;
  private thawed: Promise<void> | null = null;
  private unfreeze: () => void = () => undefined;

  private constructor(options: DoubleOptions) {
    this.options = options;
    this.apiKey = options.apiKey ?? 'APIdouble';
    this.apiSecret = options.apiSecret ?? 'secret-of-the-double-of-a-livekit-server';
    this.webhooks = new Webhooks(options.webhookUrl ?? null, (claims) =>
      this.sign({ ...claims, nbf: seconds() }),
    );
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
    const server = this.server;
    this.server = null;
    if (!server) return;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  /** At the same address, knowing nothing of before. */
  async restart(): Promise<void> {
    await this.crash();
    await this.listen(this.port);
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.crash();
    this.upgrades.close();
  }

  /** It is there, and does not answer. */
  freeze(): void {
    this.thawed ??= new Promise((resolve) => (this.unfreeze = resolve));
  }

  thaw(): void {
    this.unfreeze();
    this.thawed = null;
  }

  /** From now on calls suffer this; answers with what ends it. */
  inject(fault: Fault): () => void {
    const active = { ...fault, left: fault.times ?? Infinity };
    this.faults.push(active);
    return () => {
      active.left = 0;
    };
  }

  heal(): void {
    for (const fault of this.faults.splice(0)) fault.left = 0;
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
    const { claims, permission } = this.admit(ticket);
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

  /** How often a method was called (every attempt counts), or all of them; of one room, or of all. */
  calls(method?: string, room?: string): number {
    let sum = 0;
    for (const [name, rooms] of this.counts) {
      if (method !== undefined && method !== name) continue;
      for (const [key, n] of rooms) if (room === undefined || room === key) sum += n;
    }
    return sum;
  }

  callsByMethod(): Record<string, number> {
    return Object.fromEntries([...this.counts.keys()].map((name) => [name, this.calls(name)]));
  }

  resetCounters(): void {
    this.counts.clear();
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
    const server = createServer((request, response) => {
      void this.serve(request, response);
    });
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = `ws://127.0.0.1:${this.port}`;
    this.httpUrl = `http://127.0.0.1:${this.port}`;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const body = await bodyOf(request);
    const method = /^\/twirp\/livekit\.RoomService\/(\w+)$/.exec(url.pathname)?.[1];
    const handler = method === undefined ? undefined : METHODS[method];
    try {
      if (method !== undefined && handler) {
        await this.call(method, handler, body, request, response);
      } else if (/^\/rtc(\/v1)?\/validate$/.test(url.pathname)) {
        const { claims } = this.admit(presented(request, url));
        if (!this.rooms.has(claims.room)) {
          throw new Refused(404, 'not_found', 'requested room does not exist');
        }
        response.end('success');
      } else throw new Refused(404, 'bad_route', 'no such route');
    } catch (error) {
      answerError(response, error);
    }
  }

  private async call(
    method: string,
    handler: Handler,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const isBinary = request.headers['content-type']?.startsWith('application/protobuf') ?? false;
    const input = handler.read(isBinary, body);
    const { room, identity } = handler.about(input);
    const call = isHealthCheck(input) ? 'health' : method;
    this.count(call, room);
    const fault = this.strike(call, { room, identity });
    await this.suffer(call, this.rooms.get(room)?.people.size ?? 0, fault);
    const isHalf = fault?.then?.startsWith('half-') ?? false;
    const then = fault?.then?.replace('half-', '');
    let output: Buffer | null = null;
    if (!then || isHalf) {
      this.authorize(request, handler, room);
      output = handler.run(this, input, isBinary);
    }
    if (response.destroyed || !this.server) return;
    if (then === 'hang') return;
    if (then === 'drop') return void response.destroy();
    if (then === 'fail') throw new Refused(fault?.status ?? 500, 'internal', 'as it was told to');
    response.setHeader('content-type', isBinary ? 'application/protobuf' : 'application/json');
    response.end(output);
  }

  private count(method: string, room: string): void {
    const rooms = this.counts.get(method) ?? new Map<string, number>();
    this.counts.set(method, rooms.set(room, (rooms.get(room) ?? 0) + 1));
  }

  private async suffer(method: string, people: number, fault: Fault | null): Promise<void> {
    const { latencyMs = 0 } = this.options;
    const ms = typeof latencyMs === 'number' ? latencyMs : latencyMs(method, people);
    const wait = ms + (fault?.latencyMs ?? 0);
    if (wait > 0) await pause(wait);
    if (this.thawed) await this.thawed;
  }

  private strike(method: string, on: { room: string; identity: string } | null): Fault | null {
    const fault = this.faults.find(
      (one) =>
        one.left > 0 &&
        (one.on === undefined || [one.on].flat().includes(method)) &&
        (one.room === undefined || one.room === on?.room) &&
        (one.identity === undefined || one.identity === on?.identity),
    );
    if (!fault) return null;
    fault.left -= 1;
    fault.onStrike?.();
    return fault;
  }

  private authorize(request: IncomingMessage, handler: Handler, room: string): void {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const claims = this.read(token);
    if (!claims || claims['iss'] !== this.apiKey) {
      throw new Refused(401, 'unauthenticated', 'invalid token');
    }
    const video = (claims['video'] ?? {}) as Record<string, unknown>;
    const isAllowed =
      video[handler.needs] === true && (handler.needs !== 'roomAdmin' || video['room'] === room);
    if (!isAllowed) throw new Refused(403, 'permission_denied', 'requires admin permissions');
  }

  /** What signs many calls is looked at once; whether it is valid now, each time. */
  private read(token: string): Record<string, unknown> | null {
    const known = this.signed.get(token);
    if (known) return isValidNow(known) ? known : null;
    const claims = readJwt(token, this.apiSecret);
    if (!claims) return null;
    if (this.signed.size >= MAX_SIGNED) this.signed.clear();
    this.signed.set(token, claims);
    return claims;
  }

  private admit(ticket: Ticket) {
    if (typeof ticket !== 'string') {
      const { room, identity, permission } = ticket;
      const video = { room, roomJoin: true, ...permission };
      return { claims: { room, identity, video, name: '' }, permission: { ...permission } };
    }
    const claims = readJwt(ticket, this.apiSecret);
    if (!claims || claims['iss'] !== this.apiKey) {
      throw new Refused(401, 'unauthenticated', 'invalid token');
    }
    const video = (claims['video'] ?? {}) as Record<string, unknown>;
    if (video['roomJoin'] !== true) {
      throw new Refused(401, 'unauthenticated', 'permissions denied');
    }
    const room = String(video['room'] ?? '');
    const identity = String(claims['sub'] ?? '');
    const name = String(claims['name'] ?? '');
    return { claims: { room, identity, video, name }, permission: permissionOfToken(video) };
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://double');
    try {
      if (!/^\/rtc(\/v1)?$/.test(url.pathname)) throw new Refused(404, 'bad_route', 'no route');
      const ticket = presented(request, url);
      const { claims } = this.admit(ticket);
      if (!this.rooms.has(claims.room)) {
        throw new Refused(404, 'not_found', 'requested room does not exist');
      }
      this.upgrades.handleUpgrade(request, socket, head, (ws) => {
        this.attend(ws, ticket, url.searchParams);
      });
    } catch (error) {
      const { status, message } = error as Refused;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Length: ${message.length}\r\nConnection: close\r\n\r\n${message}`,
      );
    }
  }

  /** `reconnect=1` resumes the connection that is there, `lurk=1` never becomes active. */
  private attend(ws: WebSocket, ticket: string, query: URLSearchParams): void {
    const { claims } = this.admit(ticket);
    const known = this.find(claims.room, claims.identity);
    const isResume = query.get('reconnect') === '1' && known !== null;
    let person: DoubleParticipant;
    try {
      person = isResume ? known : this.join(ticket, { isLurker: true });
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
    this.signal(person, {
      join: { participant: participantJson(person), room: { name: person.room } },
    });
    this.signal(person, { refreshToken: person.token });
    if (query.get('lurk') !== '1') this.activate(person);
  }

  private signal(person: DoubleParticipant, message: Record<string, unknown>): void {
    if (person.socket?.readyState !== WebSocket.OPEN) return;
    person.socket.send(SignalResponse.fromJson(message as never).toBinary());
  }

  private cut(person: DoubleParticipant, reason: string): void {
    this.signal(person, { leave: { reason } });
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
    const { canUpdateMetadata, ...shared } = person.permission;
    const sources = shared.canPublishSources.map((source) => source.toLowerCase());
    const { name } = person;
    const now = seconds();
    person.refreshToken(() =>
      this.sign({
        sub: person.identity,
        name,
        nbf: now,
        exp: now + REFRESHED_SECONDS,
        video: {
          ...person.video,
          ...shared,
          canPublishSources: sources,
          canUpdateOwnMetadata: canUpdateMetadata,
        },
      }),
    );
    if (person.socket) this.signal(person, { refreshToken: person.token });
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
    const isRenamed = this.rename(person, request);
    const isChanged = request.permission
      ? this.permit(person, permissionOfMessage(request.permission))
      : false;
    if (isRenamed || isChanged) {
      this.refresh(person);
      this.signal(person, { update: { participants: [participantJson(person)] } });
    }
    return person;
  }

  private rename(person: DoubleParticipant, request: UpdateParticipantRequest): boolean {
    const attributes = Object.entries(request.attributes);
    if (!request.name && !request.metadata && attributes.length === 0) return false;
    const before = JSON.stringify([person.name, person.metadata, person.attributes]);
    person.name = request.name || person.name;
    person.metadata = request.metadata || person.metadata;
    for (const [key, value] of attributes) {
      if (value === '') delete person.attributes[key];
      else person.attributes[key] = value;
    }
    return before !== JSON.stringify([person.name, person.metadata, person.attributes]);
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

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** A header that is not empty wins over the query. */
function presented(request: IncomingMessage, url: URL): string {
  const header = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  return header || (url.searchParams.get('access_token') ?? '');
}

/** Rolecall asks for a room that nobody has to learn whether LiveKit answers. */
function isHealthCheck(input: unknown): boolean {
  const { names } = input as { names?: readonly string[] };
  return names?.length === 1 && names[0] === 'rolecall-health';
}

function answerError(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof Refused ? error : new Refused(500, 'internal', String(error));
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ code, msg: message }));
}
