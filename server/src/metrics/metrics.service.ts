import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Names as Prometheus wants them: base units, `_total` on counters; no label with unbounded values. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new Histogram({
    name: 'rolecall_http_request_seconds',
    help: 'Time to answer, by method, route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });
  readonly issuances = new Counter({
    name: 'rolecall_issuances_total',
    help: 'Token requests by outcome: issued or refused',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  readonly clockSkew = new Gauge({
    name: 'rolecall_clock_skew_seconds',
    help: "How far a clock is ahead of Postgres', which decides: server or livekit",
    labelNames: ['clock'] as const,
    registers: [this.registry],
  });
  readonly seatChange = new Histogram({
    name: 'rolecall_seat_change_seconds',
    help: 'From the commit of a promotion, demotion or block to what LiveKit answered',
    labelNames: ['action', 'outcome'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });
  readonly seatSilenced = new Histogram({
    name: 'rolecall_seat_silenced_seconds',
    help: 'From the click until LiveKit reported the tracks gone that a seat change or a scene took',
    labelNames: ['action'] as const,
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });
  readonly alarmsOpen = new Gauge({
    name: 'rolecall_alarms_open',
    help: 'Alarms that nobody has acknowledged and that are not gone, by kind',
    labelNames: ['kind'] as const,
    registers: [this.registry],
  });
  readonly ledgerSize = new Gauge({
    name: 'rolecall_ledger_sealed_entries',
    help: 'Entries in the newest signed tree, as this server last saw it',
    registers: [this.registry],
  });
  readonly ledgerCheckpointAt = new Gauge({
    name: 'rolecall_ledger_checkpoint_timestamp_seconds',
    help: 'When the newest checkpoint was signed, as this server last saw it',
    registers: [this.registry],
  });
  readonly ledgerUnsealedSince = new Gauge({
    name: 'rolecall_ledger_unsealed_seconds',
    help: 'Age of the oldest entry that is not sealed; 0 when all are',
    registers: [this.registry],
  });
  readonly ledgerSealingLag = new Histogram({
    name: 'rolecall_ledger_sealing_lag_seconds',
    help: "From the writing of a batch's oldest entry to its signed checkpoint",
    buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5, 10, 60],
    registers: [this.registry],
  });
  readonly ledgerSealing = new Gauge({
    name: 'rolecall_ledger_sealing',
    help: 'Whether this server is in that state: sealing, standby, stopped or failing',
    labelNames: ['state'] as const,
    registers: [this.registry],
  });
  readonly ledgerMirrored = new Gauge({
    name: 'rolecall_ledger_mirrored_entries',
    help: 'Entries up to which the mirror is complete',
    registers: [this.registry],
  });
  readonly ledgerMirrorFailures = new Counter({
    name: 'rolecall_ledger_mirror_failures_total',
    help: 'Passes in which the mirror could not be written',
    registers: [this.registry],
  });
  readonly ledgerCosigned = new Gauge({
    name: 'rolecall_ledger_cosigned_entries',
    help: 'Entries in the newest tree that enough witnesses cosigned',
    registers: [this.registry],
  });
  readonly ledgerWitnessSize = new Gauge({
    name: 'rolecall_ledger_witness_entries',
    help: 'Entries in the tree that the witness cosigned last',
    labelNames: ['witness'] as const,
    registers: [this.registry],
  });
  readonly ledgerWitnessAt = new Gauge({
    name: 'rolecall_ledger_witness_timestamp_seconds',
    help: 'When the witness cosigned last, by its own clock',
    labelNames: ['witness'] as const,
    registers: [this.registry],
  });
  readonly ledgerWitnessFailing = new Gauge({
    name: 'rolecall_ledger_witness_failing',
    help: 'Whether the last attempt of this server to have the witness cosign failed',
    labelNames: ['witness'] as const,
    registers: [this.registry],
  });
  readonly ledgerStreamBehind = new Gauge({
    name: 'rolecall_ledger_stream_behind_entries',
    help: 'Sealed entries that the destination does not have yet',
    labelNames: ['stream'] as const,
    registers: [this.registry],
  });
  readonly ledgerStreamAside = new Gauge({
    name: 'rolecall_ledger_stream_refused_entries',
    help: 'Entries that the destination does not take, and that are put aside',
    labelNames: ['stream'] as const,
    registers: [this.registry],
  });
  readonly ledgerStreamFailing = new Gauge({
    name: 'rolecall_ledger_stream_failing',
    help: 'Whether the last attempt to send entries there failed',
    labelNames: ['stream'] as const,
    registers: [this.registry],
  });
  readonly ledgerStreamFailures = new Counter({
    name: 'rolecall_ledger_stream_failures_total',
    help: 'Attempts of this server to send entries there that failed',
    labelNames: ['stream'] as const,
    registers: [this.registry],
  });
  readonly ledgerStreamRefused = new Counter({
    name: 'rolecall_ledger_stream_refusals_total',
    help: 'Entries that this server has put aside, since the destination did not take them',
    labelNames: ['stream'] as const,
    registers: [this.registry],
  });
  readonly ledgerProblems = new Gauge({
    name: 'rolecall_ledger_problems',
    help: 'Whether the ledger has that problem on this server',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'rolecall_' });
  }
}
