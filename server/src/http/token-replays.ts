import { Injectable } from '@nestjs/common';
import type { AccessRule } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { WHY_NOT_IN } from '../common/errors/why-not-in.js';
import { exceedsIssuer, readBound } from '../grants/issuer-ceiling.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { ParticipantProofs } from '../proofs/participant-proofs.js';

type Claims = Readonly<Record<string, unknown>>;
type Refusal = { readonly code: string; readonly text: string };

/**
 * Whether a token that was answered before may be handed out again: what forbids a new one, or the
 * connect with it, forbids that as well.
 */
@Injectable()
export class TokenReplays {
  constructor(
    private readonly proofs: ParticipantProofs,
    private readonly policy: PolicyReader,
    private readonly ledger: LedgerService,
  ) {}

  async assertAllowed(
    actor: Actor,
    rule: AccessRule | undefined,
    token: string,
    claims: Claims,
  ): Promise<void> {
    const { room } = claims['video'] as { room?: string };
    const refusal =
      this.refusalOfCaller(actor, rule, room, claims) ??
      (await this.refusalOfToken(token, String(claims['sub']), room));
    if (!refusal) return;
    await this.refuse(actor, refusal, {
      room: room ?? null,
      identity: String(claims['sub']),
      jti: claims['jti'] ?? null,
    });
  }

  /** Somebody else put the kept claims there: what they say is not written down. */
  refuseUnproved(actor: Actor): Promise<never> {
    const text =
      'What is kept for this Idempotency-Key does not prove that it was answered. Use another key.';
    const refusal = { code: 'idempotency.unproved', text };
    return this.refuse(actor, refusal, { room: null, identity: null, jti: null });
  }

  private async refuse(
    actor: Actor,
    { code, text }: Refusal,
    { room, identity, jti }: { room: string | null; identity: string | null; jti: unknown },
  ): Promise<never> {
    await this.ledger.appendDurably({
      kind: 'token.refused',
      outcome: 'refused',
      actor,
      room,
      identity,
      payload: { code, jti, isReplay: true },
    });
    throw new AppError('forbidden', 'token.refused', text);
  }

  /** The guard has checked the permission, and not for the room that the body named. */
  private refusalOfCaller(
    actor: Actor,
    rule: AccessRule | undefined,
    room: string | undefined,
    claims: Claims,
  ): Refusal | null {
    if (rule?.kind !== 'permission' || room === undefined) return null;
    const code = 'access.denied';
    const text = 'You may not hand out this token any longer.';
    if (!actor.can(rule.permission, room)) return { code, text };
    if (rule.permission !== 'token.issue') return null;
    const own = actor.ceilingFor('token.issue', room);
    const carried = readBound(claims)?.ceiling ?? null;
    const isWithin =
      own === null || carried?.every((grants) => exceedsIssuer(grants, own).length === 0);
    return isWithin ? null : { code, text };
  }

  private async refusalOfToken(
    token: string,
    identity: string,
    room: string | undefined,
  ): Promise<Refusal | null> {
    const { user } = await this.policy.read({ room: room ?? null, identity });
    if (user?.isDeleted) return refusalBy('user.deleted');
    if (user?.isSuspended) return refusalBy('user.suspended');
    const proof = await this.proofs.check(token);
    // What joins no room, or has expired, is no proof.
    return proof.kind === 'refused' && proof.status === 403 ? proof : null;
  }
}

function refusalBy(code: string): Refusal {
  return { code, text: WHY_NOT_IN[code] ?? 'There is no role for this identity.' };
}
