import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { AnomalyReader } from './anomalies/anomaly-reader.js';
import { EntriesAbout } from './entries-about.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerEraser } from './ledger-eraser.js';
import { PersonEraser } from './person-eraser.js';
import { LedgerLookup } from './ledger-lookup.js';
import { LedgerOrigins } from './ledger-origins.js';
import { LedgerReader } from './ledger-reader.js';
import { LedgerService } from './ledger.service.js';
import { LivingTokens } from './living-tokens.js';
import { LedgerVerifier } from './ledger-verifier.js';
import { LastSigned } from './sealing/last-signed.js';
import { LedgerHealth } from './sealing/ledger-health.js';
import { LedgerKeys } from './sealing/ledger-keys.js';
import { LedgerMirror } from './sealing/ledger-mirror.js';
import { LedgerProofs } from './sealing/ledger-proofs.js';
import { LedgerSealing } from './sealing/ledger-sealing.js';
import { MirrorWriter } from './sealing/mirror-writer.js';
import { SealLock } from './sealing/seal-lock.js';
import { Sealer } from './sealing/sealer.js';
import { StandbyCopy } from './sealing/standby-copy.js';
import { TreeReader } from './sealing/tree-reader.js';
import { TreeStore } from './sealing/tree-store.js';
import { TreeController } from './sealing/tree.controller.js';
import { LedgerReads } from './reads/ledger-reads.js';
import { ReviewsController } from './reviews/reviews.controller.js';
import { ArchiveStore } from './retention/archive-store.js';
import { ArchiveWriter } from './retention/archive-writer.js';
import { ArchivesService } from './retention/archives.service.js';
import { DuePreview } from './retention/due-preview.js';
import { ForgottenEntries } from './retention/forgotten-entries.js';
import { HoldsService } from './retention/holds.service.js';
import { Retention } from './retention/retention.js';
import { RetentionController } from './retention/retention.controller.js';
import { RetentionLock } from './retention/retention-lock.js';
import { RetentionRun } from './retention/retention-run.js';
import { RulesService } from './retention/rules.service.js';
import { ReviewsService } from './reviews/reviews.service.js';
import { RandomEntries } from './random-entries.js';
import { RoomHistory } from './room-history.js';
import { LedgerCounting } from './search/counting.js';
import { EntryScan } from './search/entry-scan.js';
import { EntrySearch } from './search/entry-search.js';
import { LedgerCounts } from './search/ledger-counts.js';
import { LogFacets } from './search/log-facets.js';
import { LogHistogram } from './search/log-histogram.js';
import { OperationEntries } from './search/operation-entries.js';
import { TimelineReader } from './timelines/timeline-reader.js';
import { TokenUses } from './token-uses.js';
import { Transactions } from './transactions.js';
import { IntegrityController } from './integrity/integrity.controller.js';
import { LedgerIntegrity } from './integrity/ledger-integrity.js';
import { VerificationRuns } from './integrity/verification-runs.js';
import { DossierEntries } from './dossier/dossier-entries.js';
import { DossierMaker } from './dossier/dossier-maker.js';
import { ExportProofs } from './export/export-proofs.js';
import { LedgerExporter } from './export/ledger-exporter.js';
import { LogExport } from './export/log-export.js';
import { PersonExport } from './export/person-export.js';
import { LedgerVerification } from './verify/verification.js';
import { LedgerStreams } from './stream/ledger-streams.js';
import { StreamLock } from './stream/stream-lock.js';
import { StreamStore } from './stream/stream-store.js';
import { CosignatureStore } from './witness/cosignature-store.js';
import { LedgerWitnesses } from './witness/ledger-witnesses.js';
import { WitnessPolicyFile } from './witness/policy-file.js';

const VERIFYING = [
  CosignatureStore,
  DossierEntries,
  DossierMaker,
  ExportProofs,
  LedgerExporter,
  LedgerIntegrity,
  LedgerVerification,
  LedgerWitnesses,
  LogExport,
  PersonExport,
  VerificationRuns,
  WitnessPolicyFile,
];

const STREAMING = [LedgerStreams, StreamLock, StreamStore];

const SEARCHING = [
  AnomalyReader,
  EntryScan,
  EntrySearch,
  LedgerCounting,
  LedgerCounts,
  LogFacets,
  LogHistogram,
  OperationEntries,
];

const RETAINING = [
  ArchiveStore,
  ArchivesService,
  ArchiveWriter,
  DuePreview,
  ForgottenEntries,
  HoldsService,
  Retention,
  RetentionLock,
  RetentionRun,
  RulesService,
];

const SEALING = [
  LastSigned,
  LedgerHealth,
  LedgerKeys,
  LedgerMirror,
  LedgerProofs,
  LedgerSealing,
  MirrorWriter,
  SealLock,
  Sealer,
  StandbyCopy,
  TreeReader,
  TreeStore,
];

@Global()
@Module({
  controllers: [
    // Before what has an id in the place of a name.
    RetentionController,
    IntegrityController,
    LedgerController,
    ReviewsController,
    TreeController,
  ],
  providers: [
    EntriesAbout,
    LedgerEraser,
    LedgerLookup,
    LedgerOrigins,
    LedgerReader,
    LedgerReads,
    LedgerService,
    LedgerVerifier,
    LivingTokens,
    PersonEraser,
    RandomEntries,
    ReviewsService,
    RoomHistory,
    TimelineReader,
    TokenUses,
    Transactions,
    ...RETAINING,
    ...SEALING,
    ...SEARCHING,
    ...STREAMING,
    ...VERIFYING,
  ],
  exports: [
    AnomalyReader,
    ArchivesService,
    DossierMaker,
    DuePreview,
    EntriesAbout,
    EntrySearch,
    ForgottenEntries,
    LedgerEraser,
    LedgerExporter,
    LedgerHealth,
    LedgerKeys,
    LedgerLookup,
    LedgerReader,
    LedgerReads,
    LedgerOrigins,
    LedgerSealing,
    LedgerService,
    LedgerStreams,
    LedgerVerification,
    LedgerVerifier,
    LedgerWitnesses,
    LivingTokens,
    LogExport,
    LogFacets,
    LogHistogram,
    OperationEntries,
    PersonEraser,
    PersonExport,
    RandomEntries,
    Retention,
    RetentionRun,
    RoomHistory,
    TimelineReader,
    TokenUses,
    Transactions,
    TreeReader,
    TreeStore,
  ],
})
export class LedgerModule implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly ledger: LedgerService,
    private readonly tree: TreeStore,
    private readonly cosignatures: CosignatureStore,
  ) {}

  onModuleInit(): void {
    this.housekeeping.add(() => this.ledger.ensurePartitions());
    this.housekeeping.add(() => this.tree.pruneCheckpoints());
    this.housekeeping.add(() => this.cosignatures.prune());
  }
}
