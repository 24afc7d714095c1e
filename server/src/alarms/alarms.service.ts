import { Inject, Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import type { Page } from '../common/http/lists.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { storableJson, storableText } from '../common/canonical-json.js';
import type { LedgerEntryInput } from '../ledger/ledger-entry.js';
import { Transactions } from '../ledger/transactions.js';
import { ALARM_KINDS, ALL_ALARM_KINDS, type AlarmKind } from './alarm-kinds.js';
import {
  AlarmStore,
  type ForgottenPerson,
  type OpenAlarms,
  type StandingAlarm,
} from './alarm-store.js';
import type { AcknowledgeAlarmsBody, AlarmView, ListAlarmsQuery } from './alarms.schemas.js';

/** Something that no entry explains. */
export interface Finding {
  readonly kind: AlarmKind;
  /** Tells it from others of its kind, such as the sid of a connection. */
  readonly key: readonly string[];
  readonly room: string | null;
  readonly identity?: string | null;
  /** For the entry and for the list of alarms. */
  readonly about: Record<string, unknown>;
  /** For the entry alone, such as what speaks of a person. */
  readonly more?: Record<string, unknown>;
  /** Its entry is written already. */
  readonly isRecorded?: boolean;
}

const DONE = ALL_ALARM_KINDS.filter((kind) => !ALARM_KINDS[kind].isThere);

/** What nothing explains: an entry once, and an alarm until it is gone or acknowledged. */
@Injectable()
export class Alarms {
  constructor(
    private readonly store: AlarmStore,
    private readonly transactions: Transactions,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /**
   * The API keys of LiveKit that Rolecall has. Their secrets, and those of every other key that LiveKit
   * is configured with, let anybody do what only an API call can have done; LiveKit lists no keys.
   */
  get knownKeys(): string[] {
    const { apiKey, webhookApiKey } = this.config.livekit;
    return [...new Set([apiKey, webhookApiKey])].sort();
  }

  /** Of what is there, an entry is written when it is found first; of what was done, each time. */
  async raise(findings: readonly Finding[]): Promise<void> {
    const byKey = new Map(findings.map((finding) => [idOf(finding.kind, keyOf(finding)), finding]));
    if (byKey.size === 0) return;
    await this.transactions.run(async (tx) => {
      const alarms = [...byKey.values()].map((finding) => ({
        kind: finding.kind,
        key: keyOf(finding),
        room: finding.room === null ? null : storableText(finding.room),
        identity: finding.identity == null ? null : storableText(finding.identity),
        about: JSON.parse(storableJson(finding.about)) as Record<string, unknown>,
      }));
      const raised = await this.store.raise(tx, alarms);
      const isNew = new Set(raised.map(({ kind, key }) => idOf(kind, key)));
      for (const [id, finding] of byKey) {
        if (finding.isRecorded) continue;
        if (isNew.has(id) || !ALARM_KINDS[finding.kind].isThere) tx.record(entryOf(finding));
      }
    });
  }

  listStanding(kinds: readonly AlarmKind[] = ALL_ALARM_KINDS): Promise<StandingAlarm[]> {
    return this.store.listStanding(kinds);
  }

  async markGone(alarms: readonly StandingAlarm[]): Promise<void> {
    if (alarms.length > 0) await this.store.markGone(alarms);
  }

  countOpen(rooms: readonly string[] | null = null): Promise<OpenAlarms[]> {
    return this.store.countOpen(rooms);
  }

  list(actor: Actor, query: ListAlarmsQuery): Promise<Page<AlarmView>> {
    return this.store.list(actor, query);
  }

  /** Takes a person out of the list: whom alarms are about, or who acknowledged them. */
  forget(person: ForgottenPerson): Promise<void> {
    return this.store.forget(person);
  }

  /** What is there stays listed until it is gone; what was done is over. */
  acknowledge(actor: Actor, { ids, note }: AcknowledgeAlarmsBody): Promise<number> {
    return this.transactions.run(async (tx) => {
      const rooms = actor.roomsFor('alarm.acknowledge');
      const done = await this.store.acknowledge(tx, ids, actor, { rooms, note, done: DONE });
      for (const { id, kind, room, identity } of done) {
        tx.record({
          kind: 'alarm.acknowledged',
          outcome: 'ok',
          actor,
          room,
          identity,
          reason: note === '' ? null : note,
          payload: { alarm: id, about: kind },
        });
      }
      return done.length;
    });
  }
}

/** The key of an alarm as it is stored. */
export function alarmKey(parts: readonly string[]): string {
  return storableText(JSON.stringify(parts));
}

function keyOf({ key }: Finding): string {
  return alarmKey(key);
}

function idOf(kind: AlarmKind, key: string): string {
  return `${kind} ${key}`;
}

function entryOf({ kind, room, identity = null, about, more = {} }: Finding): LedgerEntryInput {
  return {
    kind,
    outcome: 'ok',
    actor: SYSTEM_ACTOR,
    room,
    identity,
    payload: { ...about, ...more },
  };
}
