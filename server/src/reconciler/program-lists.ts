import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { AlarmKind } from '../alarms/alarm-kinds.js';
import type { StandingAlarm } from '../alarms/alarm-store.js';
import { alarmKey, Alarms, type Finding } from '../alarms/alarms.service.js';
import { inParallel } from '../common/in-parallel.js';
import { DatabaseClock } from '../database/database-clock.js';
import { type BeginningGrant, LedgerOrigins } from '../ledger/ledger-origins.js';
import {
  type ListedDispatch,
  type ListedEgress,
  type ListedIngress,
  ListingsPort,
} from '../livekit/listings-port.js';
import type { ObservedRoom } from '../livekit/participant-view.js';
import { Observations } from '../seats/public/observations.js';
import { OwnRooms } from './own-rooms.js';
import { Turns } from './turns.js';

/** Whether LiveKit has the service; `unknown`: it has not answered yet. */
export type ServiceState = 'on' | 'off' | 'unknown';

export interface ProgramsView {
  readonly egress: ServiceState;
  readonly ingress: ServiceState;
  readonly dispatch: ServiceState;
}

const LIST_MS = 15_000;
/** A LiveKit without Redis gets it with a restart at the earliest. */
const OFF_MS = 10 * 60_000;
/** Each is a call and a line in LiveKit's log, so rooms take turns. */
const DISPATCH_LISTS_A_SWEEP = 40;
const LISTS_AT_ONCE = 4;
/** What nothing explains has a search in the ledger each; the others are looked at in the next sweep. */
const SEARCHES_A_SWEEP = 40;
const REMEMBERED = 50_000;

/**
 * Recordings, streams and agents. Rolecall begins none: a token of ours that may begin them explains
 * them, or the agents that a token asks for. What nothing explains raises an alarm.
 */
@Injectable()
export class ProgramLists implements OnModuleInit {
  private readonly log = new Logger(ProgramLists.name);
  private readonly state: Record<keyof ProgramsView, ServiceState> = {
    egress: 'unknown',
    ingress: 'unknown',
    dispatch: 'unknown',
  };
  /** When each service is asked next, by the monotonic clock. */
  private readonly dueAt = { egress: 0, ingress: 0, dispatch: 0 };
  private readonly turns = new Turns();
  /** Ids that are explained, or have their alarm. */
  private readonly known = new Set<string>();
  private searches = 0;

  constructor(
    private readonly lists: ListingsPort,
    private readonly origins: LedgerOrigins,
    private readonly alarms: Alarms,
    private readonly clock: DatabaseClock,
    private readonly observations: Observations,
    private readonly own: OwnRooms,
  ) {}

  onModuleInit(): void {
    this.observations.usePrograms(this);
  }

  get view(): ProgramsView {
    return { ...this.state };
  }

  /** LiveKit has told of one. */
  askSoon(): void {
    for (const service of ['egress', 'ingress'] as const) {
      if (this.state[service] !== 'off') this.dueAt[service] = 0;
    }
  }

  /** One look, as a part of a sweep. */
  async look(running: readonly ObservedRoom[], standing: readonly StandingAlarm[]): Promise<void> {
    this.searches = 0;
    const names = new Set(running.map(({ name }) => name));
    await this.lookAtServices(standing, (room) => names.has(room) || this.own.isOwn(room));
    await this.lookAtDispatches(running, standing);
  }

  /** Whether a participant of LiveKit's own came with something that is explained. */
  async isExplained(room: string, identity: string, kind: string): Promise<boolean> {
    try {
      switch (kind) {
        case 'egress': {
          const egress = (await this.lists.listEgress())?.find(({ id }) => id === identity);
          return egress !== undefined && (await this.explainsEgress(egress));
        }
        case 'ingress': {
          const ingress = (await this.lists.listIngress())?.find(
            (one) => one.room === room && one.identity === identity,
          );
          return ingress !== undefined && (await this.explainsIngress(ingress));
        }
        case 'agent': {
          const dispatches = (await this.lists.listDispatches(room)) ?? [];
          const dispatch = dispatches.find(({ identities }) => identities.includes(identity));
          return (
            dispatch !== undefined && (await this.explainsDispatch(room, dispatch, dispatches))
          );
        }
        default:
          return false;
      }
    } catch (error) {
      this.log.warn('what brought a program to a room is not known', { error });
      return false;
    }
  }

  private async lookAtServices(
    standing: readonly StandingAlarm[],
    isOurs: (room: string) => boolean,
  ): Promise<void> {
    const lists = await Promise.all([
      this.read('egress', () => this.lists.listEgress()),
      this.read('ingress', () => this.lists.listIngress()),
    ]);
    // One without a room may be for any.
    const [egress, ingress] = [
      lists[0]?.filter(({ room }) => room === '' || isOurs(room)),
      lists[1]?.filter(({ room }) => room === '' || isOurs(room)),
    ];
    if (egress) {
      await this.settle('egress.unexplained', egress, standing, (one) => this.explainsEgress(one), {
        roomOf: ({ room }) => room,
        about: ({ id, startedAt }) => ({ egress: id, startedAt: startedAt.toISOString() }),
      });
    }
    if (ingress) {
      await this.settle(
        'ingress.unexplained',
        ingress,
        standing,
        (one) => this.explainsIngress(one),
        { roomOf: ({ room }) => room || null, about: ({ id, name }) => ({ ingress: id, name }) },
      );
    }
  }

  private async lookAtDispatches(
    running: readonly ObservedRoom[],
    standing: readonly StandingAlarm[],
  ): Promise<void> {
    const names = new Set(running.map(({ name }) => name));
    const own = standing.filter(({ kind }) => kind === 'dispatch.unexplained');
    await this.alarms.markGone(own.filter(({ room }) => room === null || !names.has(room)));
    if (performance.now() < this.dueAt.dispatch) return;
    const turn = this.turns.next(running, DISPATCH_LISTS_A_SWEEP);
    await inParallel(turn, LISTS_AT_ONCE, async ({ name }) => {
      const dispatches = await this.readDispatches(name);
      if (!dispatches) return;
      await this.settle(
        'dispatch.unexplained',
        dispatches,
        own.filter(({ room }) => room === name),
        (one) => this.explainsDispatch(name, one, dispatches),
        {
          roomOf: () => name,
          about: ({ id, agentName, createdAt }) => ({
            dispatch: id,
            agent: agentName,
            createdAt: createdAt.toISOString(),
          }),
        },
      );
    });
  }

  /** Null where the room has ended meanwhile, or there is no such service. */
  private async readDispatches(room: string): Promise<ListedDispatch[] | null> {
    try {
      const found = await this.lists.listDispatches(room);
      this.state.dispatch = found === null ? 'off' : 'on';
      if (found === null) this.dueAt.dispatch = performance.now() + OFF_MS;
      return found;
    } catch (error) {
      this.log.debug('the dispatches of a room could not be listed', { error });
      return null;
    }
  }

  /** Null where it is not its time, it could not be asked, or it is not there. */
  private async read<T>(
    service: 'egress' | 'ingress',
    list: () => Promise<T[] | null>,
  ): Promise<T[] | null> {
    if (performance.now() < this.dueAt[service]) return null;
    try {
      const found = await list();
      this.state[service] = found === null ? 'off' : 'on';
      this.dueAt[service] = performance.now() + (found === null ? OFF_MS : LIST_MS);
      return found;
    } catch (error) {
      this.log.warn(`LiveKit's ${service} could not be listed`, { error });
      return null;
    }
  }

  /** Raises alarms for what nothing explains, and ends those of what is there no longer. */
  private async settle<T extends { readonly id: string }>(
    kind: AlarmKind,
    found: readonly T[],
    standing: readonly StandingAlarm[],
    isExplained: (one: T) => Promise<boolean>,
    words: { roomOf(one: T): string | null; about(one: T): Record<string, unknown> },
  ): Promise<void> {
    const keys = new Set(found.map(({ id }) => alarmKey([id])));
    const own = standing.filter((alarm) => alarm.kind === kind);
    await this.alarms.markGone(own.filter(({ key }) => !keys.has(key)));
    const isStanding = new Set(own.map(({ key }) => key));
    const findings: Finding[] = [];
    const looked: string[] = [];
    for (const one of found) {
      if (this.known.has(one.id) || isStanding.has(alarmKey([one.id]))) continue;
      if (this.searches >= SEARCHES_A_SWEEP) break;
      this.searches += 1;
      looked.push(one.id);
      if (!(await isExplained(one))) {
        findings.push({
          kind,
          key: [one.id],
          room: words.roomOf(one),
          about: { ...words.about(one), knownKeys: this.alarms.knownKeys },
        });
      }
    }
    await this.alarms.raise(findings);
    for (const id of looked) this.remember(id);
  }

  private remember(id: string): void {
    this.known.add(id);
    if (this.known.size <= REMEMBERED) return;
    for (const oldest of this.known) {
      this.known.delete(oldest);
      return;
    }
  }

  private explainsEgress({ room, startedAt }: ListedEgress): Promise<boolean> {
    return this.begins('roomRecord', room, startedAt);
  }

  /** LiveKit does not say when it was made. */
  private explainsIngress({ room }: ListedIngress): Promise<boolean> {
    return this.begins('ingressAdmin', room, this.clock.now());
  }

  private async explainsDispatch(
    room: string,
    { agentName, metadata, createdAt }: ListedDispatch,
    all: readonly ListedDispatch[],
  ): Promise<boolean> {
    // LiveKit makes one without a name in each room that was begun without agents.
    if (agentName === '') {
      return metadata === '' && all.filter((one) => one.agentName === '').length === 1;
    }
    if ((await this.origins.agentsOfTokens(room)).includes(agentName)) return true;
    return this.begins('roomAdmin', room, createdAt);
  }

  private begins(grant: BeginningGrant, room: string, at: Date): Promise<boolean> {
    return this.origins.isTokenThatBegins(grant, room === '' ? null : room, at);
  }
}
