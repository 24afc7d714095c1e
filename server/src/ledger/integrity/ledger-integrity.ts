import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { LedgerHealth } from '../sealing/ledger-health.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { TreeStore } from '../sealing/tree-store.js';
import { toBase64 } from '../tree/bytes.js';
import { parseCheckpoint } from '../tree/checkpoint.js';
import { parseNote } from '../tree/note.js';
import { LedgerStreams } from '../stream/ledger-streams.js';
import { LedgerWitnesses } from '../witness/ledger-witnesses.js';
import { VerificationRuns } from './verification-runs.js';

/** All that an auditor looks at before they rely on the ledger. */
@Injectable()
export class LedgerIntegrity {
  constructor(
    private readonly store: TreeStore,
    private readonly sealing: LedgerSealing,
    private readonly witnesses: LedgerWitnesses,
    private readonly streams: LedgerStreams,
    private readonly health: LedgerHealth,
    private readonly runs: VerificationRuns,
  ) {}

  async view(actor: Actor) {
    const [{ sealed, oldestMs }, unsealed, verifications] = await Promise.all([
      this.store.sealingLag(),
      this.store.unsealed(),
      this.runs.last(actor),
    ]);
    const { place, size } = this.sealing.mirrorView;
    return {
      checkpoint: sealed && {
        origin: parseCheckpoint(parseNote(sealed.note).text).origin,
        size: sealed.size,
        root: toBase64(sealed.root),
        signedAt: sealed.at,
      },
      sealing: this.sealing.state,
      unsealed: {
        entries: unsealed.reduce((sum, shard) => sum + shard.headSeq - shard.nextSeq + 1, 0),
        oldestMs: Math.max(0, oldestMs),
      },
      mirror: { place, size },
      witnesses: this.readWitnesses(sealed?.size ?? 0),
      streams: this.streams.views,
      problems: this.health.problems(),
      verifications,
    };
  }

  private readWitnesses(newest: number) {
    const view = this.witnesses.view();
    if (!view) return null;
    const { quorum, witnesses, cosigned, waitingSince } = view;
    return {
      quorum,
      members: witnesses.map(({ name, url, lastError, ...standing }) => ({
        name,
        url,
        cosigned: standing.cosigned && {
          ...standing.cosigned,
          behind: Math.max(0, newest - standing.cosigned.size),
        },
        lastError,
      })),
      cosigned,
      waitingSince,
    };
  }
}
