import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiKeyStore } from '../api-keys/api-key-store.js';
import { networkOf } from '../common/http/client-address.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { SummedEntries } from '../ledger/summed-entries.js';

const SUM_EVERY_MS = 5 * 60_000;
/** Nobody is signed in here: more networks than these share one sum. */
const MAX_NETWORKS = 200;
const UNKNOWN_KEY = 'unknown key';

/** Writes down API keys that open nothing: the first from a network as it is, what follows as a sum. */
@Injectable()
export class KeyTrace implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly sums: SummedEntries;

  constructor(
    ledger: LedgerService,
    private readonly keys: ApiKeyStore,
  ) {
    const name = 'refused API keys';
    this.sums = new SummedEntries(ledger, {
      name,
      sumEveryMs: SUM_EVERY_MS,
      maxKeys: MAX_NETWORKS,
    });
  }

  onApplicationBootstrap(): void {
    this.sums.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.sums.stop();
  }

  /** What cannot be written does not open anything: the request is refused all the same. */
  async refused(hash: Buffer, { id: requestId, ip }: FastifyRequest): Promise<void> {
    const ended = await this.keys.findEnded(hash);
    const because = !ended ? 'unknown' : ended.isRevoked ? 'revoked' : 'expired';
    const actor = {
      kind: 'api_key' as const,
      id: ended?.id ?? null,
      label: ended?.name ?? UNKNOWN_KEY,
      requestId,
      ip,
    };
    const entry = {
      kind: 'api_key.refused' as const,
      outcome: 'refused' as const,
      actor,
      payload: { because },
    };
    const key = `${ended?.id ?? because} ${networkOf(ip)}`;
    await this.sums.note(key, entry, { ip }).catch(() => undefined);
  }
}
