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
 * Node strips the types, so that a benchmark runs it as well: see livekit-double-process.ts.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
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
  SignalRequest,
  SignalResponse,
  UpdateParticipantRequest,
  UpdateRoomMetadataRequest,
} from '@livekit/protocol';
import { WebSocket, WebSocketServer } from 'ws';

export type Source = 'CAMERA' | 'MICROPHONE' | 'SCREEN_SHARE' | 'SCREEN_SHARE_AUDIO' | 'UNKNOWN';

/** A permission as LiveKit keeps it: no list of sources means every source. */
export interface Permission {
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishData: boolean;
  canPublishSources: Source[];
  hidden: boolean;
  recorder: boolean;
  canUpdateMetadata: boolean;
  agent: boolean;
  canSubscribeMetrics: boolean;
  canManageAgentSession: boolean;
}

export interface Track {
  readonly sid: string;
  readonly source: Source;
  readonly name: string;
  readonly at: number;
  isMuted: boolean;
}

/** Something that happened to somebody, in order; `by` is the call, or who did it. */
export interface Change {
  readonly at: number;
  readonly room: string;
  readonly identity: string;
  readonly sid: string;
  readonly kind: 'joined' | 'left' | 'permission' | 'unpublished' | 'muted';
  readonly by: string;
  readonly permission: Permission | null;
}

export interface Fault {
  /** RoomService methods, or `health` for `GET /`; all of them when left out. */
  readonly on?: string | readonly string[];
  readonly room?: string;
  readonly identity?: string;
  /** How many calls it strikes; all of them until it is ended when left out. */
  readonly times?: number;
  /** Before anything else. */
  readonly latencyMs?: number;
  /**
   * `fail` answers `status` (500), `hang` never answers, `drop` cuts the connection; `half-fail`,
   * `half-hang` and `half-drop` do so after the call has had its effect. Only latency without it.
   */
  readonly then?: 'fail' | 'hang' | 'drop' | 'half-fail' | 'half-hang' | 'half-drop';
  readonly status?: number;
  /** Told when a call has come that it strikes, before it suffers. */
  readonly onStrike?: () => void;
}

export interface DoubleEvent {
  readonly id: string;
  readonly event: string;
  readonly createdAt: string;
  readonly room: Record<string, unknown>;
  readonly participant?: Record<string, unknown>;
  readonly track?: Record<string, unknown>;
}

export type WebhookMode = 'normal' | 'lost' | 'duplicated' | 'reordered' | 'late';

export interface DoubleOptions {
  readonly port?: number;
  readonly apiKey?: string;
  readonly apiSecret?: string;
  readonly webhookUrl?: string | null;
  /** How long each call takes; by method and the number of people in the room. */
  readonly latencyMs?: number | ((method: string, people: number) => number);
}

export interface JoinOptions {
  /** Only signalling: in the room, listed as JOINED, and no webhook tells of it. */
  readonly isLurker?: boolean;
  /** What LiveKit itself brings along is no person. */
  readonly kind?: Kind;
}

export type Kind = 'STANDARD' | 'INGRESS' | 'EGRESS' | 'SIP' | 'AGENT';

/** Who joins and with what: a token of any age, or simply somebody with some rights. */
export type Ticket =
  string | { readonly room: string; readonly identity: string; readonly permission: Permission };

export const NO_RIGHTS: Permission = {
  canSubscribe: false,
  canPublish: false,
  canPublishData: false,
  canPublishSources: [],
  hidden: false,
  recorder: false,
  canUpdateMetadata: false,
  agent: false,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
};
export const ALL_RIGHTS: Permission = {
  ...NO_RIGHTS,
  canSubscribe: true,
  canPublish: true,
  canPublishData: true,
};
export const VIEWER_RIGHTS: Permission = { ...NO_RIGHTS, canSubscribe: true, canPublishData: true };

const FLAGS = [
  'canSubscribe',
  'canPublish',
  'canPublishData',
  'hidden',
  'recorder',
  'canUpdateMetadata',
  'agent',
  'canSubscribeMetrics',
  'canManageAgentSession',
] as const;
const SOURCE_NUMBERS: readonly Source[] = [
  'UNKNOWN',
  'CAMERA',
  'MICROPHONE',
  'SCREEN_SHARE',
  'SCREEN_SHARE_AUDIO',
];
const LEEWAY_SECONDS = 60;
const REFRESHED_SECONDS = 600;
const WEBHOOK_RETRIES_MS = [1_000, 2_000, 4_000, 8_000];
const WEBHOOK_MAX_AGE_MS = 30_000;
const MAX_SIGNED = 100;
const LATE_MS = 1_500;
const REORDER_MS = 150;

/** LiveKit's own refusal, as Twirp puts it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

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
  publish(source: Source, name = '', at = Date.now()): Track {
    if (!this.isHere || !mayPublish(this.permission, source)) {
      throw new Refused(403, 'permission_denied', `may not publish ${source}`);
    }
    const sid = `TR_${randomBytes(6).toString('hex')}`;
    const track: Track = { sid, source, name, isMuted: false, at };
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
}

interface RoomState {
  readonly sid: string;
  readonly name: string;
  readonly createdAt: number;
  readonly emptyTimeout: number;
  readonly departureTimeout: number;
  readonly maxParticipants: number;
  metadata: string;
  readonly people: Map<string, DoubleParticipant>;
  timer: NodeJS.Timeout | null;
}

/** Where webhooks go, when, and how often. Change it at any time. */
export class Webhooks {
  mode: WebhookMode = 'normal';
  /** Null: nowhere. Asked for each event, so that servers can take turns. */
  to: (event: DoubleEvent) => string | null;
  /** Every event that happened, sent or not. */
  readonly happened: DoubleEvent[] = [];
  /** Ids of events that were answered with 2xx, once for each delivery. */
  readonly delivered: string[] = [];
  private readonly queues = new Map<string, Promise<void>>();
  private readonly held: DoubleEvent[] = [];
  private readonly under = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private generation = 0;
  private readonly sign: (claims: Record<string, unknown>) => string;

  constructor(url: string | null, sign: (claims: Record<string, unknown>) => string) {
    this.to = () => url;
    this.sign = sign;
  }

  take(event: DoubleEvent): void {
    this.happened.push(event);
    switch (this.mode) {
      case 'lost':
        return;
      case 'normal':
        this.enqueue(event);
        return;
      case 'duplicated':
        this.enqueue(event);
        this.enqueue(event);
        this.later(event, REORDER_MS);
        return;
      case 'late':
        this.later(event, LATE_MS);
        return;
      case 'reordered':
        this.held.unshift(event);
        this.timer ??= setTimeout(() => this.release(), REORDER_MS);
    }
  }

  /** Sends what was held back to be reordered, the newest first. */
  release(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const event of this.held.splice(0)) this.later(event, 0);
  }

  /** Sends an event again, as LiveKit may. */
  repeat(event: DoubleEvent): void {
    this.later(event, 0);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    this.release();
    while (this.under.size > 0) await Promise.all(this.under);
  }

  /** What was on its way is lost, as with the process that sends it. */
  forget(): void {
    this.generation += 1;
    this.held.splice(0);
    this.queues.clear();
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private later(event: DoubleEvent, ms: number): void {
    const generation = this.generation;
    this.watch(
      pause(ms).then(() => {
        if (generation === this.generation) return this.send(event, generation);
      }),
    );
  }

  /** In order within a room, as LiveKit does. */
  private enqueue(event: DoubleEvent): void {
    const generation = this.generation;
    const key = String(event.room['name']);
    const before = this.queues.get(key) ?? Promise.resolve();
    const mine = before.then(() => this.send(event, generation));
    this.queues.set(key, mine);
    this.watch(mine);
  }

  private watch(work: Promise<void>): void {
    const watched = work.finally(() => this.under.delete(watched));
    this.under.add(watched);
  }

  private async send(event: DoubleEvent, generation: number): Promise<void> {
    const bornAt = Number(event.createdAt) * 1000;
    for (const wait of [0, ...WEBHOOK_RETRIES_MS]) {
      if (wait > 0) await pause(wait);
      if (generation !== this.generation || Date.now() - bornAt > WEBHOOK_MAX_AGE_MS) return;
      if (await this.post(event)) return;
    }
  }

  /** False when it is worth another try. */
  private async post(event: DoubleEvent): Promise<boolean> {
    const url = this.to(event);
    if (!url) return true;
    const body = JSON.stringify(event);
    const sha256 = createHash('sha256').update(body).digest('base64');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/webhook+json',
          authorization: this.sign({ sha256, exp: seconds() + 300 }),
        },
        body,
      });
      await response.body?.cancel();
      if (response.ok) this.delivered.push(event.id);
      return response.status !== 429 && response.status < 500;
    } catch {
      return false;
    }
  }
}

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
      } else if (url.pathname === '/') {
        await this.health(response);
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

  private async health(response: ServerResponse): Promise<void> {
    const fault = this.strike('health', null);
    await this.suffer('health', 0, fault);
    if (fault?.then === 'hang') return;
    if (fault?.then === 'drop') return void response.destroy();
    response.statusCode = fault?.then === 'fail' ? (fault.status ?? 500) : 200;
    response.end('OK');
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
    this.count(method, room);
    const fault = this.strike(method, { room, identity });
    await this.suffer(method, this.rooms.get(room)?.people.size ?? 0, fault);
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

interface Handler {
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

const METHODS: Readonly<Record<string, Handler>> = {
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

function roomJson(room: RoomState): Record<string, unknown> {
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

function participantJson(person: DoubleParticipant): Record<string, unknown> {
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

function trackJson({ sid, source, name, at, isMuted }: Track): Record<string, unknown> {
  const type = source === 'CAMERA' || source === 'SCREEN_SHARE' ? 'VIDEO' : 'AUDIO';
  const version = { unixMicro: String(at * 1_000) };
  return { sid, source, name, type, version, muted: isMuted };
}

/** LiveKit's defaults for what a token leaves out. */
export function permissionOfToken(video: Record<string, unknown>): Permission {
  const canPublish = video['canPublish'] !== false;
  const listed = (video['canPublishSources'] ?? []) as string[];
  return {
    canSubscribe: video['canSubscribe'] !== false,
    canPublish,
    canPublishData: (video['canPublishData'] as boolean | undefined) ?? canPublish,
    canPublishSources: listed.map((source) => {
      const name = source.toUpperCase() as Source;
      return SOURCE_NUMBERS.includes(name) ? name : 'UNKNOWN';
    }),
    hidden: video['hidden'] === true,
    recorder: video['recorder'] === true,
    canUpdateMetadata: video['canUpdateOwnMetadata'] === true,
    agent: video['agent'] === true,
    canSubscribeMetrics: video['canSubscribeMetrics'] === true,
    canManageAgentSession: video['canManageAgentSession'] === true,
  };
}

/** Everything that is not said is false: there are no defaults here. */
function permissionOfMessage(
  message: Record<(typeof FLAGS)[number], boolean> & { canPublishSources: readonly number[] },
): Permission {
  const permission = { ...NO_RIGHTS };
  for (const flag of FLAGS) permission[flag] = message[flag];
  permission.canPublishSources = message.canPublishSources.map(
    (number) => SOURCE_NUMBERS[number] ?? 'UNKNOWN',
  );
  return permission;
}

function mayPublish({ canPublish, canPublishSources }: Permission, source: Source): boolean {
  return canPublish && (canPublishSources.length === 0 || canPublishSources.includes(source));
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

function answerError(response: ServerResponse, error: unknown): void {
  const { status, code, message } =
    error instanceof Refused ? error : new Refused(500, 'internal', String(error));
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ code, msg: message }));
}

function signJwt(claims: Record<string, unknown>, secret: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** Null for what is not signed with the secret, or not valid now. */
function readJwt(token: string, secret: string): Record<string, unknown> | null {
  const [header = '', body = '', signature = ''] = token.split('.');
  const expected = createHmac('sha256', secret).update(`${header}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  return isValidNow(claims) ? claims : null;
}

function isValidNow(claims: Record<string, unknown>): boolean {
  const { exp, nbf } = claims as { exp?: number; nbf?: number };
  if (exp !== undefined && seconds() > exp + LEEWAY_SECONDS) return false;
  return nbf === undefined || seconds() >= nbf - LEEWAY_SECONDS;
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Keeps no process alive: what the double still meant to do ends with the test. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
