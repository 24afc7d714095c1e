import { randomUUID } from 'node:crypto';
import { ReconcilerService } from '../../src/reconciler/reconciler.service.js';
import { type DoubleWorld, startDoubleWorld } from '../support/double-world.js';
import type { LiveApp } from '../support/live-app.js';
import type { LiveKitDouble } from '../support/livekit-double/livekit-double.js';
import { DoubleParticipant } from '../support/livekit-double/participant.js';
import { type RolecallProcess, startRolecallProcess } from '../support/rolecall-process.js';
import { until } from '../support/until.js';
import { type Act, SeatModel } from './seat-model.js';

export type ServerName = 'A' | 'B';

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly operationId: string;
    readonly epoch: number;
    readonly outcome: string;
    readonly detail?: string | null;
    readonly code?: string;
  };
}

export const ROOM_SECONDS = 300;
const ENV = {
  // A refusal that nobody expected says only there what it came from.
  ROLECALL_LOG: 'warn',
  ROLECALL_SWEEP: '1s',
  ROLECALL_GATE: 'on',
  ROLECALL_RATE_OPERATOR: '100000/1s',
  ROLECALL_RATE_CONNECT: '100000/1s',
};

/** Two Rolecalls on one Postgres and one LiveKit: A in this process, B in one that can be killed. */
export class World {
  readonly livekit: LiveKitDouble;
  readonly a: LiveApp;
  /** Turns of the balancer in front of the two. */
  private turn = 0;
  private starting: Promise<void> | null = null;

  private constructor(
    private readonly world: DoubleWorld,
    readonly b: RolecallProcess,
    private readonly key: string,
  ) {
    this.livekit = world.livekit;
    this.a = world.app;
    this.livekit.webhooks.to = () => `${this.balanced()}/livekit/webhook`;
  }

  static async start(): Promise<World> {
    const world = await startDoubleWorld(ENV);
    const { livekit, app: a } = world;
    const b = await startRolecallProcess({ livekit, database: a.database, env: ENV });
    const { body } = await a.post('/api/v1/api-keys', {
      name: 'model',
      permissions: [
        'room.read',
        'seat.read',
        'seat.promote',
        'seat.demote',
        'seat.block',
        'seat.remove',
        'seat.mute',
        'token.issue',
      ],
    });
    return new World(world, b, body.key as string);
  }

  async stop(): Promise<void> {
    await this.starting?.catch(() => undefined);
    await this.b.stop();
    await this.world.stop();
  }

  urlOf(server: ServerName): string {
    return server === 'B' && this.b.isReady ? this.b.url : this.a.url;
  }

  async killB(): Promise<void> {
    await this.b.kill9();
    this.starting = this.b.start();
    this.starting.catch(() => undefined);
  }

  /** B is there (again). */
  async bothUp(): Promise<void> {
    await this.starting;
  }

  sweepNow(): void {
    this.a.app.get(ReconcilerService).sweepSoon();
  }

  async call(server: ServerName, path: string, body: unknown = {}): Promise<Answer> {
    const response = await fetch(this.urlOf(server) + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.key}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  private balanced(): string {
    this.turn += 1;
    return this.urlOf(this.turn % 2 === 0 ? 'A' : 'B');
  }
}

/** One room of the world, with a few people who may come, each with the tokens that they keep. */
export class Scene {
  readonly since = performance.now();
  readonly people = new Map<string, Person>();
  /** Something of LiveKit's may fail on purpose from here on, until it is healed. */
  isTroubled = false;
  /** A server was killed here: what it left open is ended ten seconds later. */
  hasLeftovers = false;

  private constructor(
    readonly world: World,
    readonly room: string,
  ) {}

  static async open(world: World, names: readonly string[]): Promise<Scene> {
    const scene = new Scene(world, `model-${randomUUID().slice(0, 8)}`);
    world.livekit.heal();
    world.livekit.webhooks.mode = 'normal';
    await world.a.sql(
      `INSERT INTO room (name, default_template, empty_timeout, departure_timeout)
       VALUES ($1, 'viewer', $2, $2)`,
      [scene.room, ROOM_SECONDS],
    );
    for (const name of names) {
      const identity = `${name}-${scene.room}`;
      await world.a.sql('INSERT INTO app_user (identity, name) VALUES ($1, $1)', [identity]);
      const { status, body } = await world.call('A', '/api/v1/tokens', {
        room: scene.room,
        identity,
      });
      if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
      const { token } = body as unknown as { token: string };
      scene.people.set(name, new Person(scene, identity, token));
    }
    await scene.untilOpen();
    return scene;
  }

  person(name: string): Person {
    return this.people.get(name) as Person;
  }

  /**
   * Rolecall starts a lost room again by itself when people were in it; an empty one it starts with
   * the next token that it issues, which is what everybody asks for who is about to join.
   */
  async untilOpen(): Promise<void> {
    const { livekit } = this.world;
    const isBack = () => livekit.hasRoom(this.room);
    await until('the room is back', isBack, 2_500).catch(() =>
      // More than once: right after LiveKit failed, tokens are issued without waiting for it.
      until('the room runs', async () => isBack() || (await this.areAllRefused()) || isBack()),
    );
  }

  /** Everybody asks for a token. Who is blocked gets none, and has no use for the room. */
  private async areAllRefused(): Promise<boolean> {
    const answers = await Promise.all(
      [...this.people.values()].map(({ identity }) =>
        this.world.call('A', '/api/v1/tokens', { room: this.room, identity }),
      ),
    );
    return answers.every(({ status }) => status === 403);
  }
}

export class Person {
  readonly model: SeatModel;
  /** Tokens that they hold, oldest first: the issued one, and what LiveKit refreshed. */
  readonly tokens: string[];

  constructor(
    readonly scene: Scene,
    readonly identity: string,
    token: string,
  ) {
    this.model = new SeatModel(identity);
    this.tokens = [token];
  }

  get here(): DoubleParticipant | null {
    return this.scene.world.livekit.find(this.scene.room, this.identity);
  }

  /** Takes note of the newest token that LiveKit sent them. */
  keep(): void {
    const token = this.here?.token;
    if (token && !this.tokens.includes(token)) this.tokens.push(token);
  }

  act(server: ServerName, { action, ...body }: Act): Promise<Answer> {
    return this.scene.world.call(server, `${this.path}/${action}`, body);
  }

  undo(server: ServerName, id: string): Promise<Answer> {
    return this.scene.world.call(server, `/api/v1/operations/${id}/undo`);
  }

  async epoch(): Promise<number> {
    const [row] = await this.scene.world.a.sql<{ epoch: number }>(
      'SELECT epoch FROM seat WHERE room = $1 AND identity = $2',
      [this.scene.room, this.identity],
    );
    return row?.epoch ?? 0;
  }

  async newestOperation(): Promise<{ id: string; epoch: number } | null> {
    const [row] = await this.scene.world.a.sql<{ id: string; epoch: number }>(
      `SELECT id, epoch FROM seat_operation WHERE room = $1 AND identity = $2
       ORDER BY created_at DESC LIMIT 1`,
      [this.scene.room, this.identity],
    );
    return row ?? null;
  }

  private get path(): string {
    return `/api/v1/rooms/${this.scene.room}/seats/${encodeURIComponent(this.identity)}`;
  }
}
