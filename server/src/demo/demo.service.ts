import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../access/actor.js';
import { AssignmentsService } from '../assignments/assignments.service.js';
import { AppLogger } from '../common/app-logger.js';
import { AppError } from '../common/errors/app-error.js';
import { newSecret } from '../auth/secrets.js';
import { PgPool } from '../database/pg-pool.js';
import { IssuanceService } from '../issuance/issuance.service.js';
import { LiveKitHealth } from '../livekit/livekit.health.js';
import { RoleTemplatesService } from '../role-templates/role-templates.service.js';
import { RoomsService } from '../rooms/rooms.service.js';
import { UsersService } from '../users/users.service.js';
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
  private isStopping = false;

  constructor(
    private readonly pg: PgPool,
    private readonly users: UsersService,
    private readonly rooms: RoomsService,
    private readonly assignments: AssignmentsService,
    private readonly templates: RoleTemplatesService,
    private readonly issuance: IssuanceService,
    private readonly health: LiveKitHealth,
    private readonly logger: AppLogger,
  ) {}

  async status(): Promise<{ isPresent: boolean; participants: number }> {
    const people = await this.people();
    return { isPresent: people.length > 0, participants: this.joined };
  }

  /** Loads what is missing, then lets the participants join. Safe at every start. */
  async start(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.logger.error('the sample data could not be loaded', { error });
      return;
    }
    const deadline = Date.now() + WAIT_FOR_LIVEKIT_MS;
    while ((await this.health.probe()).state !== 'up') {
      if (Date.now() > deadline || this.isStopping) {
        this.logger.warn('demo participants stay away: LiveKit cannot be reached');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await this.joinAll();
  }

  /** Removes the sample users, rooms and assignments, and ends their participants. */
  async remove(actor: Actor): Promise<void> {
    this.endParticipants();
    const { rows } = await this.pg.query<{ name: string }>(
      'demo-rooms',
      'SELECT name FROM room WHERE is_demo',
    );
    for (const { name } of rows) {
      await this.rooms.delete(actor, name).catch(ignoreMissing);
    }
    for (const { id } of await this.people()) {
      await this.users.delete(actor, id).catch(ignoreMissing);
    }
    await this.templates.setArchived(actor, SAMPLE_TEMPLATE.key, true).catch(ignoreMissing);
  }

  onApplicationShutdown(): void {
    this.isStopping = true;
    this.endParticipants();
  }

  private async load(): Promise<void> {
    const present = await this.people();
    for (const room of SAMPLE_ROOMS) {
      await this.rooms.create(SYSTEM_ACTOR, room).catch(ignoreTaken);
    }
    await this.mark(
      'room',
      'name',
      SAMPLE_ROOMS.map((room) => room.name),
    );
    await this.templates
      .create(SYSTEM_ACTOR, {
        ...SAMPLE_TEMPLATE,
        grants: completeGrants({
          roomJoin: true,
          canSubscribe: true,
          canPublishData: true,
          canPublish: true,
          canPublishSources: ['camera', 'microphone'],
        }),
        ttl: 300,
        metadata: '',
        attributes: {},
      })
      .then(() => this.templates.publish(SYSTEM_ACTOR, SAMPLE_TEMPLATE.key, 'Demo', undefined))
      .catch(ignoreTaken);
    if (present.length > 0) return;
    // Identities are never given out twice, so each demo has its own.
    const suffix = newSecret()
      .replace(/[^a-z0-9]/gi, '')
      .slice(0, 4)
      .toLowerCase();
    for (const person of SAMPLE_PEOPLE) {
      const user = await this.users.create(SYSTEM_ACTOR, {
        identity: `demo-${person.key}-${suffix}`,
        name: person.name,
      });
      await this.mark('app_user', 'identity', [user.view.identity]);
      if (person.template) {
        await this.assignments.create(SYSTEM_ACTOR, {
          subject: { user: user.view.id },
          scope: { room: person.room },
          template: person.template,
          reason: 'Demo',
        });
      }
    }
  }

  private async joinAll(): Promise<void> {
    const people = (await this.people()).flatMap((row) => {
      const sample = SAMPLE_PEOPLE.find((person) => row.identity.startsWith(`demo-${person.key}-`));
      return sample ? [{ row, sample }] : [];
    });
    const child = fork(join(import.meta.dirname, 'participants-process.js'), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.child = child;
    child.on('exit', () => {
      this.joined = 0;
      if (this.child === child) this.child = null;
    });
    const waiting = [...people];
    const next = async (): Promise<void> => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        if (this.isStopping || this.child !== child) return;
        await this.join(child, one.row, one.sample);
      }
    };
    await Promise.all(Array.from({ length: JOINING_AT_ONCE }, next));
    this.logger.log('demo participants joined', { joined: this.joined, of: people.length });
  }

  private async join(child: ChildProcess, row: DemoRow, sample: SamplePerson): Promise<void> {
    try {
      const { token, serverUrl } = await this.issuance.issue(SYSTEM_ACTOR, {
        room: sample.room,
        identity: row.identity,
        createRoom: true,
        reason: 'Demo',
      });
      const answered = new Promise<boolean>((resolve) => {
        const listen = (answer: { identity: string; isJoined: boolean }): void => {
          if (answer.identity !== row.identity) return;
          child.off('message', listen as never);
          resolve(answer.isJoined);
        };
        child.on('message', listen as never);
        child.once('exit', () => resolve(false));
      });
      child.send({ identity: row.identity, url: serverUrl, token });
      if (await answered) this.joined += 1;
    } catch (error) {
      this.logger.warn('a demo participant could not join', { error });
    }
  }

  private endParticipants(): void {
    this.child?.kill('SIGKILL');
    this.child = null;
    this.joined = 0;
  }

  private async people(): Promise<DemoRow[]> {
    const { rows } = await this.pg.query<DemoRow>(
      'demo-people',
      'SELECT id, identity, name FROM app_user WHERE is_demo AND deleted_at IS NULL ORDER BY identity',
    );
    return rows;
  }

  /** The mark is ours alone; the features know nothing of demos. */
  private async mark(table: 'room' | 'app_user', column: string, keys: string[]): Promise<void> {
    await this.pg.query(
      `demo-mark-${table}`,
      `UPDATE ${table} SET is_demo = true WHERE ${column} = ANY($1)`,
      [keys],
    );
  }
}

function ignoreTaken(error: unknown): void {
  if (!(error instanceof AppError) || error.kind !== 'conflict') throw error;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError) || !['not_found', 'conflict'].includes(error.kind)) throw error;
}
