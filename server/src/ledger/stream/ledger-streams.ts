import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Loop } from '../../common/loop.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import type { StreamConfig, StreamsConfig } from '../../config/ledger-streams.js';
import { Metrics } from '../../metrics/metrics.service.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { DeliveryFailed, type Sender } from './delivery.js';
import { HttpsSender } from './https-sender.js';
import { StreamLock } from './stream-lock.js';
import { StreamSender } from './stream-sender.js';
import { type StreamRow, StreamStore } from './stream-store.js';
import { SyslogSender } from './syslog-sender.js';

export interface StreamView extends StreamRow {
  /** Where it goes, as it is configured. */
  readonly to: string;
}

const TEND_MS = 2_000;
const LOOK_MS = 5_000;
const IDLE_MS = 1_000;
/** At most half of the time goes into reading entries, whatever there is to send. */
const SHORTEST_PAUSE_MS = 20;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** A destination that is restarted is back by then. */
const LOUD_AFTER_MS = 60_000;

interface Running {
  readonly loop: Loop;
  readonly sender: StreamSender;
}

/** Sends sealed entries to where they are wanted, from one server, and says how that gets on. */
@Injectable()
export class LedgerStreams implements OnModuleDestroy {
  private readonly log = new Logger(LedgerStreams.name);
  private readonly streams: StreamsConfig;
  private running: Running[] = [];
  private isMine = false;
  private rows: readonly StreamRow[] = [];
  private readonly tending = new Loop(
    { name: 'holding the streams of the ledger', firstMs: 0, everyMs: TEND_MS, log: this.log },
    () => this.tend(),
  );
  private readonly looking = new Loop(
    { name: 'looking at the streams of the ledger', firstMs: 0, everyMs: LOOK_MS, log: this.log },
    () => this.look(),
  );

  constructor(
    private readonly lock: StreamLock,
    private readonly store: StreamStore,
    private readonly keys: LedgerKeys,
    private readonly metrics: Metrics,
    @Inject(APP_CONFIG) config: AppConfig,
  ) {
    this.streams = config.ledgerStreams;
  }

  /** Those that are configured, as Postgres had them last. */
  get views(): StreamView[] {
    return this.streams.destinations.map(({ name, url }) => ({
      ...(this.rows.find((row) => row.name === name) ?? {
        name,
        position: 0,
        behind: 0,
        sentAt: null,
        failingSince: null,
        failure: null,
        refused: 0,
        firstRefused: null,
      }),
      to: url,
    }));
  }

  /** Sentences; empty: all is sent, or soon will be. */
  problems(): { readonly code: 'stream_failing' | 'stream_refused'; readonly detail: string }[] {
    const failing = this.views.filter(
      ({ failingSince }) =>
        failingSince !== null && Date.now() - failingSince.getTime() > LOUD_AFTER_MS,
    );
    const refused = this.views.filter((view) => view.refused > 0);
    return [
      ...(failing.length === 0
        ? []
        : [
            {
              code: 'stream_failing' as const,
              detail: failing
                .map(
                  ({ name, behind, failure }) =>
                    `Entries are not sent to ${name}: ${failure ?? ''}. It lacks ${behind}.`,
                )
                .join(' '),
            },
          ]),
      ...(refused.length === 0
        ? []
        : [
            {
              code: 'stream_refused' as const,
              detail: refused
                .map(
                  ({ name, refused: count, firstRefused }) =>
                    `${name} does not take ${count} entries, the first is ${firstRefused?.entry}: ${firstRefused?.detail}.`,
                )
                .join(' '),
            },
          ]),
    ];
  }

  start(): void {
    if (this.streams.destinations.length === 0) return;
    this.tending.start();
    this.looking.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.isMine = false;
    await Promise.all([this.tending.stop(), this.looking.stop(), this.stopSending()]);
    await this.store.close();
  }

  private async tend(): Promise<void> {
    this.isMine = await this.lock.hold();
    if (!this.isMine) return this.stopSending();
    if (this.running.length > 0) return;
    const ca = await this.readCa();
    this.running = this.streams.destinations.map((destination) => this.begin(destination, ca));
  }

  private begin(destination: StreamConfig, ca: readonly string[] | undefined): Running {
    const { name } = destination;
    let pauseMs = 0;
    let failures = 0;
    const sender = new StreamSender(this.store, senderTo(destination, ca), {
      name,
      from: this.streams.from,
      hasPeople: this.streams.hasPeople,
      origin: async () => (await this.keys.read()).origin,
      mayGoOn: () => this.isMine,
      onRefused: (entry, detail) => {
        this.metrics.ledgerStreamRefused.inc({ stream: name });
        this.log.error(`${name} does not take the entry ${entry}: ${detail}. It is put aside`);
      },
    });
    const loop = new Loop(
      { name: `sending entries to ${name}`, firstMs: 0, everyMs: () => pauseMs, log: this.log },
      async () => {
        if (!this.isMine) return void (pauseMs = IDLE_MS);
        try {
          const { hasMore, workMs } = await sender.pass();
          failures = 0;
          pauseMs = hasMore ? Math.max(SHORTEST_PAUSE_MS, workMs) : IDLE_MS;
        } catch (error) {
          const waitMs = error instanceof DeliveryFailed ? error.waitMs : null;
          const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
          pauseMs = (waitMs ?? retryMs) * (0.75 + Math.random() / 2);
          this.metrics.ledgerStreamFailures.inc({ stream: name });
          await this.store.noteFailure(name, messageOf(error)).catch(() => undefined);
          throw error;
        }
      },
    );
    loop.start();
    return { loop, sender };
  }

  private async stopSending(): Promise<void> {
    const { running } = this;
    this.running = [];
    // What waits for an answer gets none: the batch is sent again.
    await Promise.all(running.map(({ sender }) => sender.close()));
    await Promise.all(running.map(({ loop }) => loop.stop()));
  }

  private async look(): Promise<void> {
    this.rows = await this.store.all();
    for (const { name, behind, refused, failingSince } of this.views) {
      this.metrics.ledgerStreamBehind.set({ stream: name }, behind);
      this.metrics.ledgerStreamAside.set({ stream: name }, refused);
      this.metrics.ledgerStreamFailing.set({ stream: name }, failingSince === null ? 0 : 1);
    }
  }

  private async readCa(): Promise<string[] | undefined> {
    const { caFile } = this.streams;
    return caFile === null ? undefined : [...rootCertificates, await readFile(caFile, 'utf8')];
  }
}

function senderTo(
  { kind, url, tokenFile }: StreamConfig,
  ca: readonly string[] | undefined,
): Sender {
  return kind === 'https' ? new HttpsSender({ url, tokenFile, ca }) : new SyslogSender({ url, ca });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
