import { Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { SeatExtras, SeatRules } from '../seats/public/policy.js';
import { SeatsModule } from '../seats/seats.module.js';
import { KeptRequests } from './kept-requests.js';
import { StageHands } from './stage-hands.js';
import { StageMonitor } from './stage-monitor.js';
import { StageLimits } from './stage-limits.js';
import { StageMeController } from './stage-me.controller.js';
import { StageNotifier } from './stage-notifier.js';
import { StageOffers } from './stage-offers.js';
import { StageParticipantsService } from './stage-participants.service.js';
import { StageStore } from './stage-store.js';
import { StageController } from './stage.controller.js';
import { StageQueue } from './stage-queue.service.js';
import { StageService } from './stage.service.js';

/** Raised hands, invitations, questions to unmute, and how many may be up at a time. */
@Module({
  imports: [SeatsModule],
  controllers: [StageController, StageMeController],
  providers: [
    KeptRequests,
    StageHands,
    StageMonitor,
    StageLimits,
    StageNotifier,
    StageOffers,
    StageParticipantsService,
    StageQueue,
    StageService,
    StageStore,
  ],
  exports: [KeptRequests, StageLimits, StageService],
})
export class StageModule implements OnModuleInit {
  constructor(
    private readonly rules: SeatRules,
    private readonly extras: SeatExtras,
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly hands: StageHands,
    private readonly housekeeping: Housekeeping,
  ) {}

  onModuleInit(): void {
    this.rules.add(this.limits);
    this.rules.add(this.hands);
    this.housekeeping.addExpiry('stage_request', 'id', `decided_at < now() - interval '1 day'`);
    this.extras.provide((room, identities) => this.store.readExtras(room, identities));
  }
}
