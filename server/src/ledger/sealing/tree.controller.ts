import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentActor, Public, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { FairQueue, QueueRejection } from '../../common/fair-queue.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { networkOf } from '../../common/http/client-address.js';
import { ledgerIdParams } from '../ledger.schemas.js';
import { LedgerReads } from '../reads/ledger-reads.js';
import { LedgerProofs } from './ledger-proofs.js';
import { bundleParams, keysResponse, proofResponse, tileParams } from './proof.schemas.js';

const WHY = 'hashes and signatures say nothing of what was logged, and anybody may check them';
/** A tile never changes; the tree that has it only grows. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Full, and every entry as it was sealed. Only who may read it keeps it. */
const IMMUTABLE_ENTRIES = 'private, max-age=31536000, immutable';
/** An entry that somebody changed must not be kept. */
const AS_IT_IS_NOW = 'private, no-store';

/** Anybody may read tiles, and must not take the connections that tokens need. */
const QUEUE = { atOnce: 2, perKey: 50, inAll: 500, patienceMs: 5_000 };

const compress = promisify(gzip);
/** Takes a third less time than the default, and makes 3 % more. */
const FAST = { level: 1 };

/** The tree as https://c2sp.org/tlog-tiles has it, and a proof for each entry. */
@Controller()
export class TreeController {
  private readonly queue = new FairQueue(QUEUE);

  constructor(
    private readonly proofs: LedgerProofs,
    private readonly reads: LedgerReads,
  ) {}

  @Get('ledger/checkpoint')
  @ApiDoc({
    summary: 'Read the newest checkpoint',
    description: 'The signed size and root of the tree over the ledger, as a C2SP tlog-checkpoint.',
    errors: ['ledger.not_sealed', 'ledger.busy', 'database.unavailable'],
  })
  @Public(WHY)
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  async checkpoint(@Req() { ip }: FastifyRequest): Promise<string> {
    return (await this.inTurn(ip, () => this.proofs.shownCheckpoint())).note;
  }

  @Get('ledger/tile/entries/*')
  @ApiDoc({
    summary: 'Read a bundle of entries',
    description:
      'The leaf data of up to 256 entries, as C2SP tlog-tiles has them, from what the database has now: an entry that was changed does not give its leaf. People are in them as commitments only.',
    errors: ['ledger.not_sealed', 'ledger.busy', 'route.not_found'],
  })
  @RequirePermission('ledger.read', { everywhere: true, files: true })
  async bundle(
    @CurrentActor() actor: Actor,
    @Param({ schema: bundleParams }) path: z.output<typeof bundleParams>,
    @Req() { headers, ip }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { bytes, isFull, wrong } = found(
      await this.inTurn(ip, () => this.proofs.bundle(path['*'])),
    );
    await this.reads.looked(actor, 'bundle');
    const isCompressed = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
    if (isCompressed) reply.header('Content-Encoding', 'gzip');
    await send(
      reply.header('Vary', 'Accept-Encoding'),
      isCompressed ? await compress(bytes, FAST) : bytes,
      isFull && wrong === null ? IMMUTABLE_ENTRIES : AS_IT_IS_NOW,
    );
  }

  @Get('ledger/tile/*')
  @ApiDoc({
    summary: 'Read a tile of hashes',
    description: 'Up to 256 hashes of one level of the tree, as C2SP tlog-tiles has them.',
    errors: ['ledger.not_sealed', 'ledger.busy', 'route.not_found', 'database.unavailable'],
  })
  @Public(WHY)
  async tile(
    @Param({ schema: tileParams }) path: z.output<typeof tileParams>,
    @Req() { ip }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await send(reply, found(await this.inTurn(ip, () => this.proofs.tile(path['*']))), IMMUTABLE);
  }

  @Get('api/v1/ledger/keys')
  @ApiDoc({
    summary: 'List the public keys of the ledger',
    description:
      'Verifier keys of signed notes, old and new. Each generation is signed by the one before.',
    errors: ['database.unavailable'],
  })
  @Public('public keys are for everybody who checks a checkpoint')
  @Answers(keysResponse)
  keys() {
    return this.proofs.publicKeys();
  }

  @Get('api/v1/ledger/:id/proof')
  @ApiDoc({
    summary: 'Prove a ledger entry',
    description:
      'The entry, its place in the tree, the inclusion proof, and the checkpoint that it leads to. An entry is sealed within a second as a rule; until then 409 with `Retry-After`.',
    errors: ['ledger.not_found', 'ledger.forgotten', 'ledger.not_sealed', 'ledger.not_in_tree'],
  })
  @RequirePermission('ledger.read')
  @Answers(proofResponse)
  async proof(
    @CurrentActor() actor: Actor,
    @Param({ schema: ledgerIdParams }) { id }: { id: string },
  ) {
    const proof = await this.proofs.prove(actor, id);
    await this.reads.looked(actor, 'proof', { id });
    return proof;
  }

  /** Addresses take turns. */
  private async inTurn<T>(ip: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.queue.run(networkOf(ip), work);
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      throw new AppError('unavailable', 'ledger.busy', 'Too many ask for tiles at once.', {
        retryAfter: 1,
      });
    }
  }
}

function found<T>(file: T | null): T {
  if (file) return file;
  throw new AppError('not_found', 'route.not_found', 'The tree has no such tile.');
}

async function send(reply: FastifyReply, bytes: Uint8Array, caching: string): Promise<void> {
  await reply
    .type('application/octet-stream')
    .header('Cache-Control', caching)
    .send(Buffer.from(bytes));
}
