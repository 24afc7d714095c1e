import { Injectable } from '@nestjs/common';
import { ACTS } from '../acts/acts.js';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { roomNotFound, userNotFound } from '../common/errors/refusals.js';
import { voidedNow } from '../database/void-mark.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { RoomStore } from '../rooms/room-store.js';
import { AdmissionStore } from '../seats/public/tokens.js';
import { UsersService } from '../users/users.service.js';
import type { VoidedTokens } from './void-tokens.schemas.js';

/** Whose tokens. */
export type VoidScope =
  | { readonly kind: 'seat'; readonly room: string; readonly identity: string }
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'room'; readonly room: string }
  | { readonly kind: 'everybody' };

/**
 * Voids all tokens of a subject that were made until now, and those that LiveKit refreshes from
 * them. It takes effect at the next connect: people who are connected stay.
 */
@Injectable()
export class VoidTokensService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UsersService,
    private readonly rooms: RoomStore,
    private readonly admissions: AdmissionStore,
  ) {}

  /** Throws `not_found` for a room or user that Rolecall does not have. */
  async void(actor: Actor, scope: VoidScope, reason?: string): Promise<VoidedTokens> {
    assertReach(actor, scope);
    return this.transactions.run(async (tx) => {
      const { identity, at } = await this.mark(tx, scope);
      const voidBefore = at.toISOString();
      tx.record({
        kind: ACTS.void_tokens.ledgerKind,
        outcome: 'ok',
        actor,
        room: 'room' in scope ? scope.room : null,
        identity,
        reason: reason ?? null,
        payload: { scope: scope.kind, voidBefore },
      });
      return { voidBefore };
    });
  }

  private async markSeat(tx: Tx, room: string, identity: string): Promise<Voided> {
    const at = await this.admissions.voidTokens(tx, room, identity);
    if (!at) throw roomNotFound();
    return { identity, at };
  }

  private async mark(tx: Tx, scope: VoidScope): Promise<Voided> {
    switch (scope.kind) {
      case 'seat':
        return this.markSeat(tx, scope.room, scope.identity);
      case 'user': {
        const voided = await this.users.voidTokens(tx, scope.id);
        if (!voided) throw userNotFound();
        return voided;
      }
      case 'room': {
        const at = await this.rooms.voidTokens(tx, scope.room);
        if (!at) throw roomNotFound();
        return { identity: null, at };
      }
      case 'everybody':
        return markInstallation(tx);
    }
  }
}

interface Voided {
  readonly identity: string | null;
  readonly at: Date;
}

async function markInstallation(tx: Tx): Promise<Voided> {
  const { rows } = await tx.query<Voided>(
    `UPDATE installation SET ${voidedNow('installation')}
     RETURNING NULL AS identity, tokens_void_before AS at`,
  );
  return rows[0] as Voided;
}

/** A user's tokens, and everybody's, are for any room, so voiding them needs access to all rooms. */
function assertReach(actor: Actor, { kind }: VoidScope): void {
  const { permission } = ACTS.void_tokens;
  const isWide = kind === 'user' || kind === 'everybody';
  if (!isWide || actor.covers(permission, null)) return;
  throw new AppError(
    'forbidden',
    'access.denied',
    'This reaches every room, and your access is limited to some.',
    { extra: { permission } },
  );
}
