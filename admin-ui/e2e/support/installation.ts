import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import {
  type Participant,
  type ParticipantProcess,
  startParticipants,
} from '../../../server/test/support/participants.js';
import { until } from '../../../server/test/support/until.js';
import { ConsolePage } from '../pages/console-page.js';
import { Api, type Credentials, type Json } from './api.js';
import { launchChromium } from './chromium.js';
import { ADMIN, type RolecallServer, startRolecall } from './rolecall-server.js';
import { Visitor, type VisitorOptions } from './visitor.js';

type ServerEnv = Record<string, string>;

/** The operators of every installation, by their access role. */
const OPERATORS = {
  admin: { name: 'Admin', ...ADMIN },
  moderator: {
    name: 'Mo',
    email: 'moderator@example.com',
    password: 'battery staple horse',
  },
  auditor: { name: 'Audrey', email: 'auditor@example.com', password: 'battery staple horse' },
} as const satisfies Record<string, Credentials & { name: string }>;
export type AccessRole = keyof typeof OPERATORS;

export interface VisitOptions extends Omit<VisitorOptions, 'session'> {
  /** Who is signed in from the start; without it nobody is. */
  readonly as?: AccessRole;
  /** Until the end of the file, not of the test. */
  readonly isForAll?: boolean;
}

interface Started {
  server: RolecallServer;
  browser: Browser;
  admin: Api;
}

/**
 * Everything that one test file needs, from before its first test until after its last: server,
 * Postgres, LiveKit, participants, browser. After each test the windows that it opened are closed.
 */
export function useInstallation(env: ServerEnv | (() => ServerEnv) = {}): Installation {
  const installation = new Installation();
  beforeAll(() => installation.start(typeof env === 'function' ? env() : env));
  afterEach(() => installation.leave());
  afterAll(() => installation.stop());
  return installation;
}

export class Installation {
  private readonly started: Partial<Started> = {};
  private readonly operators = new Map<AccessRole, Promise<Credentials>>();
  private readonly sessions = new Map<AccessRole, Promise<Api>>();
  private readonly lasting: Visitor[] = [];
  private readonly passing: Visitor[] = [];
  private participants: ParticipantProcess | null = null;

  async start(env: ServerEnv): Promise<void> {
    // Side by side: each takes a second or more. Also when one fails, what has started is stopped.
    const starting = [
      startRolecall(env).then(async (server) => {
        this.started.server = server;
        this.started.admin = await Api.signIn(server.url, ADMIN);
      }),
      launchChromium().then((browser) => void (this.started.browser = browser)),
    ];
    await Promise.allSettled(starting);
    await Promise.all(starting);
    this.sessions.set('admin', Promise.resolve(this.admin));
  }

  get server(): RolecallServer {
    return this.have('server');
  }

  get browser(): Browser {
    return this.have('browser');
  }

  get admin(): Api {
    return this.have('admin');
  }

  get url(): string {
    return this.server.url;
  }

  private have<Part extends keyof Started>(part: Part): Started[Part] {
    const started = this.started[part];
    if (!started) throw new Error(`the installation has no ${part} yet`);
    return started;
  }

  async visitor({ as, isForAll, ...options }: VisitOptions = {}): Promise<Visitor> {
    const session = as && (await this.signIn(as));
    const visitor = await Visitor.open(this.browser, this.url, {
      ...options,
      ...(session && { session }),
    });
    (isForAll ? this.lasting : this.passing).push(visitor);
    return visitor;
  }

  /** Signs in as an operator that the test has created. */
  async visitorOf(operator: Credentials): Promise<Visitor> {
    const session = await Api.signIn(this.url, operator);
    const visitor = await Visitor.open(this.browser, this.url, { session });
    this.passing.push(visitor);
    return visitor;
  }

  /** In a browser with settings of its own, which ends with its visitor. */
  visitorIn(context: BrowserContext): Visitor {
    const visitor = Visitor.in(context, this.url);
    this.passing.push(visitor);
    return visitor;
  }

  /** The console of a room, ready for keys. */
  async openConsole(room: string, options: VisitOptions = {}): Promise<ConsolePage> {
    return ConsolePage.open(await this.visitor({ as: 'admin', ...options }), room);
  }

  /** Once for each access role: every sign-in costs a slow hash. */
  signIn(role: AccessRole): Promise<Api> {
    const known = this.sessions.get(role);
    if (known) return known;
    const session = this.operator(role).then((operator) => Api.signIn(this.url, operator));
    this.sessions.set(role, session);
    return session;
  }

  /** Makes the operator the first time. */
  operator(role: AccessRole): Promise<Credentials> {
    const operator = OPERATORS[role];
    if (role === 'admin') return Promise.resolve(operator);
    const known = this.operators.get(role);
    if (known) return known;
    const made = this.admin
      .post('/operators', { ...operator, access: [{ role }] })
      .then(() => operator);
    this.operators.set(role, made);
    return made;
  }

  /** A room in LiveKit as well, where everyone is a viewer unless something says otherwise. */
  async room(name: string, fields: Record<string, unknown> = {}): Promise<string> {
    await this.admin.post('/rooms', { name, defaultTemplate: 'viewer', ...fields });
    return name;
  }

  /** A token for the room, which LiveKit then has. */
  async token(room: string, identity: string, fields: Record<string, unknown> = {}) {
    return (await this.admin.post('/tokens', {
      room,
      identity,
      createRoom: true,
      createUser: true,
      ...fields,
    })) as { token: string; serverUrl: string; issuanceId: string; jti: string };
  }

  async user(identity: string): Promise<Json> {
    const filter = encodeURIComponent(JSON.stringify({ q: identity }));
    const users: Json[] = await this.admin.get(`/users?filter=${filter}`);
    return users.find((user) => user.identity === identity);
  }

  seat(room: string, identity: string): Promise<Json> {
    return this.admin.get(seatPath(room, identity));
  }

  act(room: string, identity: string, action: string, body: object = {}): Promise<Json> {
    return this.admin.post(`${seatPath(room, identity)}/${action}`, body);
  }

  /** Entries of the ledger, newest first. */
  async entries(filter: Record<string, string>): Promise<Json[]> {
    const { data } = await this.admin.get(
      `/ledger?filter=${encodeURIComponent(JSON.stringify(filter))}`,
    );
    return data as Json[];
  }

  /** As their own page asks, with their own token as the proof of who they are. */
  async raiseHand(room: string, identity: string): Promise<void> {
    const { token } = await this.token(room, identity);
    const response = await fetch(
      `${this.url}/api/v1/rooms/${encodeURIComponent(room)}/stage/me/raise`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{}',
      },
    );
    if (!response.ok) throw new Error(`raising a hand: ${response.status}`);
  }

  /** LiveKit's native SDK, in a process of its own. Rolecall knows that they are there. */
  async join(room: string, identity: string, fields: Record<string, unknown> = {}) {
    const { token, serverUrl } = await this.token(room, identity, fields);
    return this.connect(room, identity, serverUrl, token);
  }

  /** Past the gate, so that they stay in the room while Rolecall is away. */
  async joinLiveKit(room: string, identity: string) {
    const { token } = await this.token(room, identity);
    return this.connect(room, identity, this.server.livekit.url, token);
  }

  private async connect(
    room: string,
    identity: string,
    url: string,
    token: string,
  ): Promise<Participant> {
    this.participants ??= startParticipants();
    const participant = await this.participants.join(identity, url, token);
    // LiveKit tells Rolecall a moment after it has told the participant.
    await until(`Rolecall knows that ${identity} is there`, async () => {
      return (await this.seat(room, identity)).isPresent as boolean;
    });
    return participant;
  }

  /** Closes the windows of this test; fails if anything went wrong in one of them. */
  async leave(): Promise<void> {
    const leaving = this.passing.splice(0);
    await Promise.all(leaving.map((visitor) => visitor.close()));
    const problems = [...this.lasting, ...leaving].flatMap((visitor) => visitor.takeProblems());
    expect(problems).toEqual([]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.participants?.stop(), this.started.browser?.close()]);
    await this.started.server?.stop();
  }
}

const seatPath = (room: string, identity: string) =>
  `/rooms/${encodeURIComponent(room)}/seats/${encodeURIComponent(identity)}`;
