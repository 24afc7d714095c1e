import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { inverseOf as inverseOfAct } from '../acts/acts.js';
import type { Actor } from '../actor/actor.js';
import type { Permission } from '../actor/permissions.js';
import { DatabaseClock } from '../database/database-clock.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { permissionMissing, roleAboveCeiling } from '../common/errors/refusals.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { usableVersion } from '../policy/usable-template.js';
import { SeatPolicy } from '../seats/public/policy.js';
import { operationNotFound } from '../seats/public/seats.js';
import type { BulkAction, BulkOperation, BulkParams } from './bulk.js';
import { actorOf, inverseOf, permissionFor, permissionOf } from './bulk.js';
import { BulkRunner } from './bulk-runner.js';
import { BulkProgress, type TargetRow } from './bulk-progress.js';
import { BulkStore } from './bulk-store.js';
import { BulkTargets } from './bulk-targets.js';
import {
  type BulkBody,
  type BulkOperationView,
  type BulkStarted,
  MAX_TARGETS,
  type TargetsQuery,
  type TargetView,
} from './bulk.schemas.js';
import { BulkViews } from './bulk-views.js';
import { actorName } from '../grants/actor-name.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

type Verb = 'pause' | 'resume' | 'cancel' | 'retry';

/** Starts and controls bulk operations; the runner does the work. */
@Injectable()
export class BulkService {
  constructor(
    private readonly store: BulkStore,
    private readonly progress: BulkProgress,
    private readonly targets: BulkTargets,
    private readonly views: BulkViews,
    private readonly runner: BulkRunner,
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly clock: DatabaseClock,
  ) {}

  /** Fixes the targets, and starts. */
  async start(actor: Actor, room: string, body: BulkBody): Promise<BulkStarted> {
    await this.policy.assertRoom(room);
    await this.assertMay(actor, permissionFor(body.action), room);
    await this.assertTemplate(actor, room, body);
    const now = this.clock.now();
    const asOf = body.asOf && body.asOf < now ? body.asOf : now;
    const identities = body.filter
      ? await this.targets.choose(room, body.filter, asOf)
      : await this.targets.inOrder(room, body.identities ?? []);
    if (identities.length > MAX_TARGETS) {
      throw fieldError('filter', `means more than ${MAX_TARGETS} people`, 'bulk.too_many');
    }
    const params: BulkParams = {
      ...(body.template === undefined ? {} : { template: body.template }),
      ...(body.sources === undefined ? {} : { sources: body.sources }),
      ...(body.for === undefined ? {} : { for: body.for }),
      ...(body.filter === undefined ? {} : { filter: body.filter }),
      isListed: true,
    };
    return this.begin(actor, {
      room,
      action: body.action,
      params,
      reason: body.reason ?? null,
      asOf,
      undoOf: null,
      identities,
    });
  }

  /** Throws 404 for one that is not there or in a room that the actor may not see. */
  async get(actor: Actor, id: string): Promise<BulkOperationView> {
    const found = await this.views.find(id);
    if (!found || !actor.can('seat.read', found.operation.room)) throw operationNotFound();
    return found.view;
  }

  async targetsOf(actor: Actor, id: string, { limit, cursor, filter }: TargetsQuery) {
    const operation = await this.store.find(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    const outcomes = filter.outcome === undefined ? null : [filter.outcome].flat();
    const rows = await this.progress.page(id, outcomes, cursor, limit + 1);
    const isBefore = cursor?.isBefore ?? false;
    const hasMore = rows.length > limit;
    const page = isBefore ? rows.slice(-limit) : rows.slice(0, limit);
    const first = page[0]?.position;
    const last = page.at(-1)?.position;
    return {
      data: page.map(toTargetView),
      pageInfo: {
        next: last !== undefined && (isBefore || hasMore) ? `p${last}` : null,
        prev: first !== undefined && (isBefore ? hasMore : cursor !== null) ? `b${first}` : null,
      },
    };
  }

  async is(id: string): Promise<boolean> {
    return (await this.store.find(id)) !== null;
  }

  /** No further target is begun; those that are under way come to their end. */
  pause(actor: Actor, id: string): Promise<BulkOperationView> {
    return this.steer(actor, id, 'pause', async (tx, operation) => {
      assertStatus(operation, ['running'], 'It does not run.');
      assertSteerable(operation);
      await this.store.pause(tx, id);
      return {};
    });
  }

  /** The rest is done in the name of `actor`: what is above their ceiling is skipped. */
  resume(actor: Actor, id: string): Promise<BulkOperationView> {
    return this.steer(actor, id, 'resume', async (tx, operation) => {
      assertStatus(operation, ['paused'], 'It is not paused.');
      await this.store.resume(tx, id, actorOf(actor));
      return {};
    });
  }

  /** The rest is left as it is; what was done stays, and can be undone. */
  cancel(actor: Actor, id: string): Promise<BulkOperationView> {
    return this.steer(actor, id, 'cancel', async (tx, operation) => {
      assertStatus(operation, ['running', 'paused'], 'It is over.');
      assertSteerable(operation);
      const cancelled = await this.store.cancelRest(
        tx,
        id,
        `cancelled by ${actorName(actor.label, actor.kind)}`,
      );
      await this.store.cancel(tx, id);
      return { cancelled };
    });
  }

  /** Targets that failed or wait are tried again in the name of `actor`. */
  retry(actor: Actor, id: string): Promise<BulkOperationView> {
    return this.steer(actor, id, 'retry', async (tx, operation) => {
      assertStatus(operation, ['done', 'failed', 'cancelled'], 'It is not over yet.');
      if (!operation.finishedAt) throw notNow('It is not over yet.');
      const again = await this.store.retryFailed(tx, id);
      if (again === 0)
        throw notNow('Nothing failed and nothing waits.', 'operation.nothing_to_retry');
      await this.store.reopen(tx, id, actorOf(actor));
      return { again };
    });
  }

  /** Undoes what was applied, as an operation of its own. */
  async undo(actor: Actor, id: string): Promise<BulkStarted> {
    const operation = await this.store.find(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    const inverse = inverseOf(operation);
    if (!inverse) {
      throw notNow('This cannot be undone.', 'operation.not_undoable');
    }
    await this.assertMay(actor, permissionFor(inverse), operation.room);
    assertUndoable(operation, this.clock.now());
    const undoId = randomUUID();
    const inverses = {
      room: operation.room,
      action: 'undo' as const,
      params: { acts: inverse, inverse: invert(inverse), isListed: true },
      reason: null,
      asOf: this.clock.now(),
      undoOf: id,
      identities: (await this.store.listUndoable(id)).map(({ identity }) => identity),
    };
    return this.begin(actor, inverses, undoId, async (tx) => {
      if (await this.store.markUndone(tx, id, undoId)) return;
      throw notNow('This has been undone already.', 'operation.undone');
    });
  }

  async assertMay(actor: Actor, permission: Permission, room: string): Promise<void> {
    if (actor.can(permission, room)) return;
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        room,
        payload: { permission },
      })
      .catch(() => undefined); // a refusal that cannot be written is still one
    throw permissionMissing(permission);
  }

  /** What nobody of the operation could be given is refused at once, and not once for each. */
  private async assertTemplate(actor: Actor, room: string, body: BulkBody): Promise<void> {
    if (body.template === undefined) return;
    const { input } = await this.templates.read({ room, identity: '' });
    const version = usableVersion(input?.templates ?? {}, body.template, 'template');
    const { grants } = await this.templates.version(body.template, version);
    const beyond = actor.exceeding(permissionFor(body.action), grants, room);
    if (beyond.length > 0) throw roleAboveCeiling(body.template, beyond);
  }

  private async begin(
    actor: Actor,
    {
      identities,
      ...operation
    }: Pick<BulkOperation, 'room' | 'action' | 'params' | 'reason' | 'asOf' | 'undoOf'> & {
      identities: readonly string[];
    },
    id: string = randomUUID(),
    also: (tx: Tx) => Promise<void> = () => Promise.resolve(),
  ): Promise<BulkStarted> {
    const total = identities.length;
    await this.transactions.run(async (tx) => {
      await also(tx);
      const row = { ...operation, id, total, actor: actorOf(actor) };
      await this.store.insert(tx, row, this.runner.holder);
      await this.store.addTargets(
        tx,
        id,
        identities.map((identity) => ({ identity })),
      );
      const { isListed: _listed, ...params } = operation.params;
      tx.record({
        kind: 'bulk.started',
        outcome: 'ok',
        actor,
        room: operation.room,
        reason: operation.reason,
        payload: {
          operationId: id,
          action: operation.action,
          ...params,
          asOf: operation.asOf,
          total,
          ...(operation.undoOf ? { undoes: operation.undoOf } : {}),
        },
      });
      tx.afterCommit(() => this.runner.startOrContinue(id, operation.room));
    });
    return { operationId: id, total };
  }

  private async steer(
    actor: Actor,
    id: string,
    verb: Verb,
    work: (tx: Tx, operation: BulkOperation) => Promise<Record<string, unknown>>,
  ): Promise<BulkOperationView> {
    const seen = await this.store.find(id);
    if (!seen || !actor.can('seat.read', seen.room)) throw operationNotFound();
    await this.assertMay(actor, permissionOf(seen), seen.room);
    await this.transactions.run(async (tx) => {
      const operation = await this.store.lock(tx, id);
      if (!operation) throw operationNotFound();
      const extra = await work(tx, operation);
      tx.record({
        kind: LEDGER_KINDS[verb],
        outcome: 'ok',
        actor,
        room: operation.room,
        payload: { operationId: id, action: operation.action, ...extra },
      });
      tx.afterCommit(() => this.runner.startOrContinue(id, operation.room));
    });
    return this.get(actor, id);
  }
}

const LEDGER_KINDS: Readonly<Record<Verb, LedgerKind>> = {
  pause: 'bulk.paused',
  resume: 'bulk.resumed',
  cancel: 'bulk.cancelled',
  retry: 'bulk.retried',
};

function toTargetView(target: TargetRow): TargetView {
  const { identity, position, outcome, detail, ms, settledAt, seatOperation } = target;
  const at = settledAt?.toISOString() ?? null;
  return { id: identity, position, identity, outcome, detail, ms, at, operationId: seatOperation };
}

function invert(action: BulkAction): BulkAction {
  return (inverseOfAct(action) as BulkAction | null) ?? action;
}

function assertStatus(
  { status }: BulkOperation,
  expected: readonly BulkOperation['status'][],
  text: string,
): void {
  if (!expected.includes(status)) throw notNow(text);
}

/** A scene holds for everybody from its first moment: there is nothing to pause or cut short. */
function assertSteerable({ action }: BulkOperation): void {
  if (action !== 'scene') return;
  throw notNow('A scene holds for everybody: leave it instead.', 'operation.is_scene');
}

function assertUndoable({ finishedAt, undoneBy, undoUntil }: BulkOperation, now: Date): void {
  if (!finishedAt) throw notNow('It is not over yet: cancel the rest first.');
  if (undoneBy) {
    throw new AppError('conflict', 'operation.undone', 'This has been undone already.', {
      extra: { undoneBy },
    });
  }
  if (!undoUntil || undoUntil < now) {
    throw notNow('It is too late to undo this.', 'operation.undo_expired');
  }
}

function notNow(text: string, code = 'operation.wrong_state'): AppError {
  return new AppError('conflict', code, text);
}
