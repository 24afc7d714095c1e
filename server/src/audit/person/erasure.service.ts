import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { Alarms } from '../../alarms/alarms.service.js';
import { fieldError } from '../../common/errors/app-error.js';
import { Idempotency } from '../../http/idempotency.js';
import type { ErasedCounts } from '../../ledger/ledger-eraser.js';
import { PersonEraser } from '../../ledger/person-eraser.js';
import type { EraseBody } from './person.schemas.js';

/** Erases a participant when they ask for it. */
@Injectable()
export class ErasureService {
  constructor(
    private readonly eraser: PersonEraser,
    private readonly alarms: Alarms,
    private readonly idempotency: Idempotency,
  ) {}

  /** Throws `ledger.held` where a legal hold keeps them; then nothing is done. */
  async erase(
    actor: Actor,
    identity: string,
    { confirm, before: until }: EraseBody,
  ): Promise<ErasedCounts> {
    if (confirm !== identity) throw fieldError('confirm', 'must be the identity itself');
    const before = until ?? null;
    const counts = await this.eraser.erase(actor, identity, before);
    const erasure = { of: 'identity', id: identity, before } as const;
    await this.alarms.forget(erasure);
    await this.idempotency.forget(erasure);
    return counts;
  }
}
