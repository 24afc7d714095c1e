import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { inSequence } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { Metrics } from '../metrics/metrics.service.js';
import { ALL_ALARM_KINDS } from './alarm-kinds.js';
import { AlarmStore, type OpenAlarms } from './alarm-store.js';
import { alarmKey, Alarms } from './alarms.service.js';
import { policyTriggers } from './policy-tables.js';

const LOOK_MS = 5_000;

/** Counts open alarms, for probes and metrics, and sees to it that direct changes are still noticed. */
@Injectable()
export class AlarmWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(AlarmWatch.name);
  private known: readonly OpenAlarms[] = [];
  private readonly loop = new Loop(
    { name: 'counting alarms', firstMs: 0, everyMs: LOOK_MS, log: this.log },
    () => inSequence([() => this.checkTriggers(), () => this.count()]),
  );

  constructor(
    private readonly alarms: Alarms,
    private readonly store: AlarmStore,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.loop.stop();
  }

  /** As of some seconds ago. */
  get open(): readonly OpenAlarms[] {
    return this.known;
  }

  private async count(): Promise<void> {
    const before = new Map(this.known.map(({ kind, count }) => [kind, count]));
    this.known = await this.alarms.countOpen();
    const counts = new Map(this.known.map(({ kind, count }) => [kind, count]));
    for (const kind of ALL_ALARM_KINDS) {
      const count = counts.get(kind) ?? 0;
      this.metrics.alarmsOpen.set({ kind }, count);
      if (count > (before.get(kind) ?? 0)) {
        this.log.warn(
          `${count} open alarms of the kind ${kind}: nothing in the ledger explains them`,
        );
      }
    }
  }

  private async checkTriggers(): Promise<void> {
    const stopped = await this.store.listStoppedTriggers(policyTriggers());
    const standing = await this.alarms.listStanding(['policy.watch_stopped']);
    if (stopped.length === 0 && standing.length === 0) return;
    const keys = new Map(stopped.map((trigger) => [alarmKey([trigger]), trigger]));
    await this.alarms.markGone(standing.filter(({ key }) => !keys.has(key)));
    const known = new Set(standing.map(({ key }) => key));
    await this.alarms.raise(
      [...keys]
        .filter(([key]) => !known.has(key))
        .map(([, trigger]) => ({
          kind: 'policy.watch_stopped',
          key: [trigger],
          room: null,
          about: { trigger },
        })),
    );
  }
}
