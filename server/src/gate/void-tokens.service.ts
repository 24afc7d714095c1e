import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { AdmissionStore } from '../seats/store/admission-store.js';
import type { VoidedTokens } from './void-tokens.schemas.js';

/** Whose tokens. */
export type VoidScope =
  | { readonly kind: 'seat'; readonly room: string; readonly identity: string }
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'room'; readonly room: string }
  | { readonly kind: 'everybody' };

/**
 * Makes every token of somebody worthless that was made until now, also those that LiveKit makes
 * anew from them. Whoever is connected stays: it takes effect at the next connect.
 */
@Injectable()
export class VoidTokensService {
  constructor(
    private readonly transactions: Transactions,
    private readonly admissions: AdmissionStore,
  ) {}

  /** Throws `not_found` for a room or user that Rolecall does not have. */
  async void(actor: Actor, scope: VoidScope, reason?: string): Promise<VoidedTokens> {
    assertReach(actor, scope);
    return this.transactions.run(async (tx) => {
      const { identity, voidBefore } = await this.write(tx, scope);
      tx.record({
        kind: 'token.voided',
        outcome: 'ok',
        actor,
        room: 'room' in scope ? scope.room : null,
        identity,
        reason: reason ?? null,
        payload: { scope: scope.kind, voidBefore: voidBefore.toISOString() },
      });
      return { voidBefore: voidBefore.toISOString() };
    });
  }

  private async write(tx: Tx, scope: VoidScope): Promise<Voided> {
    if (scope.kind !== 'seat') return write(tx, scope);
    const { room, identity } = scope;
    const voidBefore = await this.admissions.voidTokens(tx, room, identity);
    if (!voidBefore) throw notFound(scope);
    return { identity, voidBefore };
  }
}

type WideScope = Exclude<VoidScope, { kind: 'seat' }>;

interface Voided {
  identity: string | null;
  voidBefore: Date;
}

/** By Postgres' clock, as tokens' ids are; a server whose clock is wrong voids nothing of tomorrow. */
async function write(tx: Tx, scope: WideScope): Promise<Voided> {
  const [sql, values] = statement(scope);
  const { rows } = await tx.query<Voided>(sql, values);
  if (!rows[0]) throw notFound(scope);
  return rows[0];
}

const NOW = `date_trunc('milliseconds', clock_timestamp())`;

function statement(scope: WideScope): [sql: string, values: unknown[]] {
  const moved = (table: string) =>
    `tokens_void_before = greatest(${table}.tokens_void_before, ${NOW})`;
  const told = (identity: string) => `RETURNING ${identity}, tokens_void_before AS "voidBefore"`;
  switch (scope.kind) {
    case 'user':
      return [
        `UPDATE app_user SET ${moved('app_user')} WHERE id = $1 AND deleted_at IS NULL
         ${told('identity')}`,
        [scope.id],
      ];
    case 'room':
      return [
        `UPDATE room SET ${moved('room')} WHERE name = $1 ${told('NULL AS identity')}`,
        [scope.room],
      ];
    case 'everybody':
      return [`UPDATE installation SET ${moved('installation')} ${told('NULL AS identity')}`, []];
  }
}

/** A user's tokens, and everybody's, are for any room: whoever is limited to some cannot void them. */
function assertReach(actor: Actor, { kind }: VoidScope): void {
  const isWide = kind === 'user' || kind === 'everybody';
  if (!isWide || actor.covers('token.void', null)) return;
  throw new AppError(
    'forbidden',
    'access.denied',
    'This reaches every room, and your access is limited to some.',
    { extra: { permission: 'token.void' } },
  );
}

function notFound({ kind }: VoidScope): AppError {
  return kind === 'user'
    ? new AppError('not_found', 'user.not_found', 'There is no such user.')
    : new AppError('not_found', 'room.not_found', 'There is no such room.');
}
