import { expect } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import {
  type ParticipantProcess,
  startParticipants,
} from '../../../server/test/support/participants.js';
import { Api, type Credentials } from './api.js';
import { launchChromium } from './chromium.js';
import { ADMIN, type RolecallServer, startRolecall } from './rolecall-server.js';
import { Visitor, type VisitorOptions } from './visitor.js';

export interface Operator extends Credentials {
  name: string;
}

/** Everything one test file needs: server, Postgres, LiveKit, participants, browser. */
export class Installation {
  private readonly visitors: Visitor[] = [];
  private participantProcess: ParticipantProcess | null = null;

  private constructor(
    readonly server: RolecallServer,
    readonly browser: Browser,
    readonly admin: Api,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<Installation> {
    const server = await startRolecall(env);
    try {
      const admin = await Api.signIn(server.url, ADMIN);
      return new Installation(server, await launchChromium(), admin);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return this.server.url;
  }

  async visitor(options: VisitorOptions = {}): Promise<Visitor> {
    const visitor = await Visitor.open(this.browser, this.url, options);
    this.visitors.push(visitor);
    return visitor;
  }

  /** In a browser with settings of its own, which ends with its visitor. */
  visitorIn(context: BrowserContext): Visitor {
    const visitor = Visitor.in(context, this.url);
    this.visitors.push(visitor);
    return visitor;
  }

  signIn(credentials: Credentials): Promise<Api> {
    return Api.signIn(this.url, credentials);
  }

  async operator(name: string, role: string): Promise<Operator> {
    const operator = { name, email: `${role}@example.com`, password: 'battery staple horse' };
    await this.admin.post('/operators', { ...operator, access: [{ role }] });
    return operator;
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

  /** LiveKit's native SDK, in a process of its own. */
  async join(room: string, identity: string, fields: Record<string, unknown> = {}) {
    const { token, serverUrl } = await this.token(room, identity, fields);
    return this.connect(identity, serverUrl, token);
  }

  /** Past the gate, so that they stay in the room while Rolecall is away. */
  async joinLiveKit(room: string, identity: string) {
    const { token } = await this.token(room, identity);
    return this.connect(identity, this.server.livekit.url, token);
  }

  private connect(identity: string, url: string, token: string) {
    this.participantProcess ??= startParticipants();
    return this.participantProcess.join(identity, url, token);
  }

  /** Closes every browser window; fails if anything went wrong in one of them. */
  async leave(): Promise<void> {
    const leaving = this.visitors.splice(0);
    await Promise.all(leaving.map((visitor) => visitor.close()));
    expect(leaving.flatMap(({ problems }) => problems)).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.participantProcess?.stop();
    await this.browser.close();
    await this.server.stop();
  }
}
