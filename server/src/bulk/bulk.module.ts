import { Module, type OnModuleInit } from '@nestjs/common';
import { FrameSources } from '../hints/frame-sources.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { BulkActors } from './bulk-actors.js';
import { BulkRequests } from './bulk-requests.js';
import { BulkActs } from './bulk-acts.js';
import { BulkController } from './bulk.controller.js';
import { BulkProgress } from './bulk-progress.js';
import { BulkRunner } from './bulk-runner.js';
import { BulkScenes } from './bulk-scenes.js';
import { BulkService } from './bulk.service.js';
import { BulkStore } from './bulk-store.js';
import { BulkTargets } from './bulk-targets.js';
import { BulkViews } from './bulk-views.js';
import { BulkWorker } from './bulk-worker.js';
import { KeptTargets } from './kept-targets.js';
import { OperationsController } from './operations.controller.js';
import { SceneOperations } from './scene-operations.js';

/** Bulk operations: one act on many seats, as a job with progress. */
@Module({
  imports: [OperatorsModule, SeatsModule],
  controllers: [BulkController, OperationsController],
  providers: [
    BulkActors,
    BulkActs,
    BulkRequests,
    BulkProgress,
    KeptTargets,
    BulkRunner,
    BulkScenes,
    BulkService,
    BulkStore,
    BulkTargets,
    BulkViews,
    BulkWorker,
    SceneOperations,
  ],
  exports: [KeptTargets, SceneOperations],
})
export class BulkModule implements OnModuleInit {
  constructor(
    private readonly frames: FrameSources,
    private readonly views: BulkViews,
  ) {}

  onModuleInit(): void {
    this.frames.provide('bulk', async (_room, id) => (await this.views.find(id))?.view ?? null);
  }
}
