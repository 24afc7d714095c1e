import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { AssignmentsService } from '../assignments/assignments.service.js';
import { AppLogger } from '../common/app-logger.js';
import { pause } from '../common/pause.js';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig, localUrl } from '../config/app-config.js';
import { newSecret } from '../credentials/secrets.js';
import { IssuanceService } from '../issuance/issuance.service.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { LiveKitInstall } from '../livekit/livekit-install.js';
import { RoleTemplateReader } from '../role-templates/role-template-reader.js';
import { RoleTemplatesService } from '../role-templates/role-templates.service.js';
import { RoomClosing } from '../rooms/room-closing.js';
import { RoomStore } from '../rooms/room-store.js';
import { RoomsService } from '../rooms/rooms.service.js';
import { UsersService } from '../users/users.service.js';
import type { JoinRequest } from './participants-process.js';
import { SAMPLE_PEOPLE, SAMPLE_ROOMS, SAMPLE_TEMPLATE, type SamplePerson } from './sample-data.js';
import { completeGrants } from '../grants/role-grants.js';

/** Native clients take a while to connect; more than this many at once only slow each other. */
const JOINING_AT_ONCE = 2;
const WAIT_FOR_LIVEKIT_MS = 30_000;

interface DemoRow {
  id: string;
  identity: string;
  name: string;
}

/** Sample data and synthetic participants: loaded by `--demo`, removed by one request. */
@Injectable()
export class DemoService implements OnApplicationShutdown {
  private child: ChildProcess | null = null;
  private joined = 0;
  /** Once set, nothing is loaded and nobody joins. */
  private isOver = false;
  private starting: Promise<void> = Promise.resolve();

  constructor(
    private readonly users: UsersService,
    private readonly rooms: RoomsService,
    private readonly roomClosing: RoomClosing,
    private readonly roomStore: RoomStore,
    private readonly assignments: AssignmentsService,
    private readonly templates: RoleTemplatesService,
    private readonly templateReader: RoleTemplateReader,
    private readonly issuance: IssuanceService,
    private readonly ledger: LedgerService,
    private readonly health: LiveKitHealth,
    private readonly install: LiveKitInstall,
    private readonly logger: AppLogger,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async status(): Promise<{ isPresent: boolean; participants: number }> {
    const people = await this.users.listDemo();
    return { isPresent: people.length > 0, participants: this.joined };
  }

  /**
   * Loads what is missing (`rejoin`: nothing), then lets the participants join. Safe at every start,
   * also after one that was killed half way.
   */
  start(what: 'on' | 'rejoin'): Promise<void> {
    this.starting = this.loadAndJoin(what).catch((error: unknown) => {
      this.logger.error('the demo could not be started', { error });
    });
    return this.starting;
  }

  /** Removes the sample users, rooms and assignments, and ends their participants. */
  async remove(actor: Actor): Promise<void> {
    this.isOver = true;
    this.endParticipants();
    // A token on its way would bring back the room that it is for.
    await this.starting;
    const rooms = await this.roomStore.listDemo();
    for (const name of rooms) {
      await this.roomClosing.delete(actor, name).catch(ignoreMissing);
    }
    const people = await this.users.listDemo();
    for (const { id } of people) {
      await this.users.delete(actor, id).catch(ignoreMissing);
    }
    const template = await this.ownTemplate();
    if (template && !template.isArchived) {
      await this.templates.setArchived(actor, SAMPLE_TEMPLATE.key, true).catch(ignoreMissing);
    }
    if (rooms.length === 0 && people.length === 0) return;
    await this.ledger.appendDurably({
      kind: 'demo.removed',
      outcome: 'ok',
      actor,
      payload: { rooms, identities: people.map(({ identity }) => identity) },
    });
  }

  onApplicationShutdown(): void {
    this.isOver = true;
    this.endParticipants();
  }

  private async loadAndJoin(what: 'on' | 'rejoin'): Promise<void> {
    if (what === 'on') {
      await this.loadTemplate();
      await this.loadRooms();
      await this.loadPeople();
    }
    const people = await this.users.listDemo();
    if (people.length > 0 && (await this.isLiveKitUp())) await this.joinAll(people);
  }

  private async isLiveKitUp(): Promise<boolean> {
    let deadline = Date.now() + WAIT_FOR_LIVEKIT_MS;
    while ((await this.health.probe()).state !== 'up') {
      if (this.isOver) return false;
      // One that is being installed comes, or npm start says why not and tries again.
      if (this.install.current) deadline = Date.now() + WAIT_FOR_LIVEKIT_MS;
      if (Date.now() > deadline) {
        this.logger.warn('demo participants do not join: LiveKit cannot be reached');
        return false;
      }
      await pause(500);
    }
    return !this.isOver;
  }

  private async loadTemplate(): Promise<void> {
    await this.templates.create(SYSTEM_ACTOR, sampleTemplate()).catch(ignoreTaken);
    const { key } = SAMPLE_TEMPLATE;
    const template = await this.ownTemplate();
    if (template?.isPublished === false) {
      await this.templates.publish(SYSTEM_ACTOR, key, 'Demo', undefined);
    }
    if (template?.isArchived) await this.templates.setArchived(SYSTEM_ACTOR, key, false);
  }

  private async loadRooms(): Promise<void> {
    for (const room of SAMPLE_ROOMS) {
      if (this.isOver) return;
      await this.rooms.create(SYSTEM_ACTOR, { ...room, isDemo: true }).catch(ignoreTaken);
    }
  }

  private async loadPeople(): Promise<void> {
    const present = await this.users.listDemo();
    // Identities are never given out twice, so each demo has its own.
    const suffix = present[0]?.identity.split('-').at(-1) ?? newSuffix();
    for (const person of SAMPLE_PEOPLE) {
      if (this.isOver) return;
      await this.loadPerson(person, `demo-${person.key}-${suffix}`).catch(ignoreTaken);
    }
  }

  private async loadPerson(person: SamplePerson, identity: string): Promise<void> {
    const { name, room, template } = person;
    const { view } = await this.users.create(SYSTEM_ACTOR, { identity, name, isDemo: true });
    if (!template) return;
    await this.assignments.create(SYSTEM_ACTOR, {
      subject: { user: view.id },
      scope: { room },
      template,
      reason: 'Demo',
    });
  }

  private async joinAll(rows: readonly DemoRow[]): Promise<void> {
    const rooms = await this.roomStore.listDemo();
    const people = rows.flatMap((row) => {
      const sample = SAMPLE_PEOPLE.find((person) => row.identity.startsWith(`demo-${person.key}-`));
      return sample && rooms.includes(sample.room) ? [{ row, sample }] : [];
    });
    if (this.isOver || people.length === 0) return;
    const child = fork(join(import.meta.dirname, 'participants-process.js'), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // It speaks to LiveKit with tokens alone.
      env: Object.fromEntries(
        Object.entries(process.env).filter(
          ([name]) => !/^(DATABASE_|LIVEKIT_|ROLECALL_)/.test(name),
        ),
      ),
    });
    this.child = child;
    child.on('error', (error) => this.logger.warn('the demo participants failed', { error }));
    child.on('exit', () => {
      if (this.child === child) this.endParticipants();
    });
    const waiting = [...people];
    const next = async (): Promise<void> => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        if (this.isOver || this.child !== child) return;
        await this.join(child, one.row, one.sample);
      }
    };
    await Promise.all(Array.from({ length: JOINING_AT_ONCE }, next));
    const isWhole = this.joined === people.length;
    this.logger[isWhole ? 'log' : 'warn']('demo participants joined', {
      joined: this.joined,
      of: people.length,
    });
  }

  private async join(child: ChildProcess, row: DemoRow, sample: SamplePerson): Promise<void> {
    try {
      const { token, serverUrl } = await this.issuance.issue(SYSTEM_ACTOR, {
        room: sample.room,
        identity: row.identity,
        createRoom: true,
        reason: 'Demo',
      });
      // They are on this machine: a proxy in front may ask browsers for a password.
      const url = this.config.isGateOn ? localUrl(this.config).replace(/^http/, 'ws') : serverUrl;
      const request: JoinRequest = { identity: row.identity, url, token };
      const isJoined = await askToJoin(child, request);
      if (isJoined && this.child === child) this.joined += 1;
    } catch (error) {
      this.logger.warn('a demo participant could not join', { error });
    }
  }

  private endParticipants(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
    this.joined = 0;
  }

  /** The sample template, unless somebody else made one of the same key. */
  private ownTemplate() {
    return this.templateReader.findMadeBy(SYSTEM_ACTOR.label, SAMPLE_TEMPLATE.key);
  }
}

/** False as well when the process is gone, whenever it went. */
function askToJoin(child: ChildProcess, request: JoinRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const listen = (answer: { identity: string; isJoined: boolean }): void => {
      if (answer.identity === request.identity) settle(answer.isJoined);
    };
    const onExit = (): void => settle(false);
    const settle = (isJoined: boolean): void => {
      child.off('message', listen as never);
      child.off('exit', onExit);
      resolve(isJoined);
    };
    child.on('message', listen as never);
    child.on('exit', onExit);
    child.send(request, (error) => {
      if (error) settle(false);
    });
  });
}

function sampleTemplate() {
  const grants = completeGrants({
    roomJoin: true,
    canSubscribe: true,
    canPublishData: true,
    canPublish: true,
    canPublishSources: ['camera', 'microphone'],
  });
  return { ...SAMPLE_TEMPLATE, grants, ttl: 300, metadata: '', attributes: {} };
}

function newSuffix(): string {
  return newSecret()
    .replace(/[^a-z0-9]/gi, '')
    .slice(0, 4)
    .toLowerCase();
}

function ignoreTaken(error: unknown): void {
  if (!(error instanceof AppError) || error.kind !== 'conflict') throw error;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError) || !['not_found', 'conflict'].includes(error.kind)) throw error;
}
