import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { Transactions, type Tx } from '../../ledger/transactions.js';
import { Hints } from '../../hints/hints.js';
import type { Override } from '../../grants/policy.js';
import type { LedgerEntryInput, WrittenEntry } from '../../ledger/ledger-entry.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import type { PolicyFacts } from '../../policy/policy-facts.js';
import { type DesiredState, recordedState, type Seat } from '../model/seat.js';
import { SeatApplier } from '../convergence/seat-applier.js';
import type { Context } from '../model/context.js';
import { LeasesService } from './leases.service.js';
import { desiredStateOf, hasEnded } from './plan.js';
import { OperationRunner } from './operation-runner.js';
import { SeatContexts } from './seat-contexts.js';
import { SeatGuards } from './seat-guards.js';
import { LEASES, SeatOperations } from '../store/seat-operations.js';
import { SeatPolicy } from '../model/seat-policy.js';
import { SeatRules } from '../model/extensions.js';
import { SeatStore } from '../store/seat-store.js';

const MAX_TRIES = 4;

export interface TemplateVersion {
  readonly template: string;
  readonly version: number;
}

/** What a token changes of the seat that it is for, in the transaction that writes its own entry. */
@Injectable()
export class SeatTokens {
  constructor(
    private readonly contexts: SeatContexts,
    private readonly guards: SeatGuards,
    private readonly policy: SeatPolicy,
    private readonly rules: SeatRules,
    private readonly runner: OperationRunner,
    private readonly leases: LeasesService,
    private readonly store: SeatStore,
    private readonly applier: SeatApplier,
    private readonly operations: SeatOperations,
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  /**
   * A token was asked for with another template than policy gives: the template becomes the seat's
   * override for this session.
   */
  async override(
    actor: Actor,
    facts: PolicyFacts,
    role: TemplateVersion,
    entry: LedgerEntryInput,
  ): Promise<WrittenEntry> {
    const { identity } = facts;
    const room = facts.room?.name ?? '';
    const hasCeiling = actor.ceilingFor('token.issue_as', room) !== null;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const context = await this.contexts.read(room, identity);
      await this.assertMayReplace(actor, context);
      const ref = await this.transactions.run(async (tx) => {
        const { seat, now } = await this.store.lock(tx, room, identity);
        // Somebody may have given more since, which this must not take the place of.
        if (hasCeiling && seat.epoch !== context.evaluation.epoch) return null;
        const { template, version } = role;
        const by = { by: actor.label, byKind: actor.kind, reason: entry.reason ?? null };
        const given = { template, version, ...by, scope: 'session', until: null, at: now } as const;
        const desired = await this.give(tx, seat, given);
        await this.rules.assertMayHave(tx, { room, identity, template });
        const recorded = recordedEntry(actor, seat, desired, entry.payload['jti']);
        const [written] = await this.ledger.append(tx, [entry, recorded]);
        return written as WrittenEntry;
      });
      if (!ref) continue;
      // Somebody who is in the room already has the new role at once; nobody waits for that.
      if (context.seat.isPresent) {
        void this.applier
          .withLock(room, identity, () => this.applier.converge(room, identity))
          .catch(() => undefined);
      }
      return ref;
    }
    throw new AppError('conflict', 'seat.changed', 'Others keep changing this seat.');
  }

  private async assertMayReplace(actor: Actor, context: Context): Promise<void> {
    const { evaluation, seat } = context;
    await this.guards.assertWithinCeiling(actor, 'token.issue_as', context, evaluation.role);
    if (!seat.override) return;
    // Nothing brings back what this takes the place of, so what lies under that counts as given.
    const { role: under } = await this.policy.simulate(evaluation, {
      override: null,
      block: null,
    });
    await this.guards.assertWithinCeiling(actor, 'token.issue_as', context, under);
  }

  /**
   * Begins a peek: `identity` is the moderator's own seat for it, which has `role` for `seconds`.
   * Answers with the first entry and the end.
   */
  async peek(
    actor: Actor,
    { room, identity, peeksAt }: { room: string; identity: string; peeksAt: string },
    role: TemplateVersion & { readonly seconds: number },
    entriesOf: (until: Date) => LedgerEntryInput[],
  ): Promise<{ ref: WrittenEntry; until: Date }> {
    const { template, version, seconds } = role;
    return this.transactions.run(async (tx) => {
      const { seat, now } = await this.store.lock(tx, room, identity);
      const until = new Date(now.getTime() + seconds * 1000);
      const given = { template, version, by: actor.label, byKind: actor.kind, reason: null };
      await this.store.notePeek(tx, seat, peeksAt);
      const desired = await this.give(tx, seat, { ...given, scope: 'until', until, at: now });
      tx.afterCommit(() => this.hints.publish([{ topic: LEASES, type: 'lease' }]));
      const entries = entriesOf(until);
      const recorded = recordedEntry(
        actor,
        { ...seat, peeksAt },
        desired,
        entries[0]?.payload['jti'],
      );
      const [, ref] = await this.ledger.append(tx, [recorded, ...entries]);
      return { ref: ref as WrittenEntry, until };
    });
  }

  /** Ends a peek, where the moderator's seat is still used for the one that is meant. */
  async endPeek(
    actor: Actor,
    room: string,
    identity: string,
    isMeant: (seat: Seat) => boolean,
    reason: string | undefined,
  ): Promise<void> {
    await this.runner.run(actor, room, identity, {
      action: 'peek_end',
      permission: 'seat.peek',
      reason,
      expectEpoch: undefined,
      mayBeUnknown: true,
      plan: (context) =>
        context.seat.override && isMeant(context.seat)
          ? { ...desiredStateOf(context), override: null }
          : null,
    });
  }

  /**
   * What `read` reads of a seat once nothing of it is due. A lease or a block that has expired and
   * whose end is not written yet hides what comes back with its end, such as a demotion. A token has
   * to wait for that. Throws `unavailable` when it cannot be written.
   */
  async onceNothingIsDue<T>(read: () => Promise<T>, factsOf: (read: T) => PolicyFacts): Promise<T> {
    const first = await read();
    const { room, identity } = factsOf(first);
    if (!room || !isAnythingDue(factsOf(first))) return first;
    await this.leases.endDueOf(room.name, identity);
    const again = await read();
    if (!isAnythingDue(factsOf(again))) return again;
    const text = 'What is over for this seat could not be ended yet.';
    throw new AppError('unavailable', 'seat.end_due', text, { retryAfter: 2 });
  }

  private async give(tx: Tx, seat: Seat, override: Override): Promise<DesiredState> {
    const { room, identity, block, hold } = seat;
    const desired = { override, block, hold };
    await this.store.writeDesiredState(tx, seat, desired);
    await this.operations.supersede(tx, room, [identity]);
    await this.store.noteIssued(tx, seat, override.at);
    tx.afterCommit(() => {
      this.hints.publish([{ topic: `room:${room}`, type: 'seat', key: identity }]);
    });
    return desired;
  }
}

/** What the token's own entry does not say: all that is set on the seat from then on. */
function recordedEntry(
  actor: Actor,
  { room, identity, peeksAt }: Seat,
  desired: DesiredState,
  jti: unknown,
): LedgerEntryInput {
  return {
    kind: 'seat.state_recorded',
    outcome: 'ok',
    actor,
    room,
    identity,
    payload: {
      because: 'a token was issued with this role',
      jti,
      desired: recordedState(desired, peeksAt),
    },
  };
}

function isAnythingDue({ input, now }: PolicyFacts): boolean {
  const { override = null, block = null } = input?.seat ?? {};
  return hasEnded(override, now) || hasEnded(block, now);
}
