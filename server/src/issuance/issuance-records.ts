import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { namesOf } from '../grants/issuer-ceiling.js';
import type { Because } from '../grants/policy.js';
import { reasonsForAll } from '../grants/reasons.js';
import type { LedgerEntryInput, WrittenEntry } from '../ledger/ledger-entry.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Metrics } from '../metrics/metrics.service.js';
import { SeatTokens } from '../seats/public/tokens.js';
import type { IssueBody } from './issuance.schemas.js';
import type { TokenPlan } from './token-planner.js';

/** Writes each token, and each refusal of one, to the ledger. Both are committed when they return. */
@Injectable()
export class IssuanceRecords {
  constructor(
    private readonly ledger: LedgerService,
    private readonly seats: SeatTokens,
    private readonly metrics: Metrics,
  ) {}

  async issued(
    actor: Actor,
    body: IssueBody,
    plan: TokenPlan,
    token: string,
  ): Promise<WrittenEntry> {
    const { claims } = plan;
    const entry: LedgerEntryInput = {
      kind: 'token.issued',
      outcome: 'ok',
      actor,
      room: body.room ?? null,
      identity: claims.sub,
      reason: body.reason ?? null,
      payload: {
        jti: claims.jti,
        tokenHash: hash('sha256', token),
        template: plan.template,
        version: plan.version,
        source: plan.source,
        grants: plan.grants,
        ...(plan.narrowed.length > 0 ? { narrowed: plan.narrowed } : {}),
        ceiling: plan.ceiling && plan.ceiling.map(namesOf),
        ttl: plan.ttlSeconds,
        expiresAt: new Date(claims.exp * 1000).toISOString(),
        claims,
        because: reasonsForAll(plan.because),
      },
    };
    const ref = plan.isOverride
      ? await this.seats.override(actor, plan.facts, plan, entry)
      : await this.ledger.appendDurably(entry);
    this.metrics.issuances.inc({ outcome: 'issued' });
    return ref;
  }

  async refused(
    actor: Actor,
    body: IssueBody,
    identity: string,
    code: string,
    because: readonly Because[] = [],
  ): Promise<void> {
    this.metrics.issuances.inc({ outcome: 'refused' });
    await this.ledger.appendDurably({
      kind: 'token.refused',
      outcome: 'refused',
      actor,
      room: body.room ?? null,
      identity,
      reason: body.reason ?? null,
      payload: {
        code,
        template: body.template ?? null,
        // A room that there is not is looked at as if it were made.
        ...(body.createRoom ? { createRoom: true } : {}),
        because: reasonsForAll(because),
      },
    });
  }
}
