import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { inSequence } from '../common/in-parallel.js';
import { Loop } from '../common/loop.js';
import { Metrics } from '../metrics/metrics.service.js';
import { ALL_ALARM_KINDS } from './alarm-kinds.js';
import { AlarmStore, type OpenAlarms } from './alarm-store.js';
import { alarmKey, Alarms, type Finding } from './alarms.service.js';
import { POLICY_FUNCTIONS } from './policy-functions.js';
import { policyTriggers } from './policy-tables.js';
import { POLICY_TRIGGERS } from './policy-triggers.js';

const LOOK_MS = 5_000;
const WATCH = [...policyTriggers(), ...Object.keys(POLICY_FUNCTIONS)];

/** Counts open alarms, for probes and metrics, and sees to it that direct changes are still noticed. */
@Injectable()
export class AlarmWatch implements OnModuleDestroy {
  private readonly log = new Logger(AlarmWatch.name);
  private known: readonly OpenAlarms[] = [];
  /** Empty: it was off. */
  private readonly versions = new Map<string, string>();
  private readonly loop = new Loop(
    { name: 'counting alarms', firstMs: 0, everyMs: LOOK_MS, log: this.log },
    () => inSequence([() => this.checkTriggers(), () => this.count()]),
  );

  constructor(
    private readonly alarms: Alarms,
    private readonly store: AlarmStore,
    private readonly metrics: Metrics,
  ) {}

  /** For a server; commands on the same database do not watch. */
  start(): void {
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
        this.log.warn(`Open alarms of the kind ${kind}, which no entry explains: ${count}`);
      }
    }
  }

  /**
   * The owner of the tables can turn a trigger off, and on again. Postgres writes its row anew each time,
   * so that is noticed as well while a server runs. A function with another body counts as off.
   */
  private async checkTriggers(): Promise<void> {
    const parts = new Map(
      (await this.store.readWatch(WATCH, POLICY_FUNCTIONS, POLICY_TRIGGERS)).map((part) => [
        part.name,
        part,
      ]),
    );
    const findings: Finding[] = [];
    for (const name of WATCH) {
      const { isOn = false, version = '' } = parts.get(name) ?? {};
      const before = this.versions.get(name);
      this.versions.set(name, isOn ? version : '');
      // It was off when it was looked at before, and that was said then.
      if (isOn && (before === undefined || before === '' || before === version)) continue;
      if (!isOn && before === '') continue;
      findings.push({
        kind: 'policy.watch_stopped',
        key: isOn ? [name, version] : [name],
        room: null,
        about: { trigger: name, isOff: !isOn },
      });
    }
    if (findings.length === 0) return;
    // Another server may have said it.
    const standing = await this.alarms.listStanding(['policy.watch_stopped']);
    const known = new Set(standing.map(({ key }) => key));
    await this.alarms.raise(findings.filter(({ key }) => !known.has(alarmKey(key))));
  }
}
