import { Injectable } from '@nestjs/common';
import { type BulkOperation, inverseOf } from './bulk.js';
import type { BulkOperationView } from './bulk.schemas.js';
import { BulkProgress, type Progress } from './bulk-progress.js';
import { secondsLeft } from './time-left.js';

/** Operations as the API and the event stream show them. */
@Injectable()
export class BulkViews {
  constructor(private readonly progress: BulkProgress) {}

  async find(id: string): Promise<{ operation: BulkOperation; view: BulkOperationView } | null> {
    const [progress] = await this.progress.of([id]);
    return progress ? { operation: progress.operation, view: toView(progress) } : null;
  }

  async some(ids: readonly string[]): Promise<BulkOperationView[]> {
    return (await this.progress.of(ids)).map(toView);
  }

  async ofRoom(room: string, limit: number): Promise<BulkOperationView[]> {
    return (await this.progress.listOfRoom(room, limit)).map(toView);
  }
}

function toView(progress: Progress): BulkOperationView {
  const { operation, counts } = progress;
  const { applied, pending, failed, cancelled, skipped } = counts;
  return {
    id: operation.id,
    operationId: operation.id,
    status: operation.status,
    action: operation.action,
    template: operation.params.template ?? null,
    room: operation.room,
    total: operation.total,
    done: applied + pending + failed + cancelled + skipped,
    applied,
    pending,
    failed,
    cancelled,
    skipped,
    by: operation.actor.label,
    byKind: operation.actor.kind,
    reason: operation.reason,
    asOf: operation.asOf.toISOString(),
    createdAt: operation.createdAt.toISOString(),
    finishedAt: operation.finishedAt?.toISOString() ?? null,
    secondsLeft: timeLeft(progress),
    undoUntil: inverseOf(operation) ? (operation.undoUntil?.toISOString() ?? null) : null,
    undoOf: operation.undoOf,
    undoneBy: operation.undoneBy,
  };
}

function timeLeft({ operation, counts, settledLately, latelySeconds, people }: Progress) {
  if (operation.status !== 'running') return null;
  return secondsLeft({
    remaining: counts.waiting + counts.started,
    settled: settledLately,
    seconds: latelySeconds,
    people,
    shrinks: operation.action === 'remove' || operation.action === 'block',
  });
}
