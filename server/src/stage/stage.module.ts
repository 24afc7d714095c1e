import { Module, type OnModuleInit } from '@nestjs/common';
import { SeatExtras } from '../seats/model/extensions.js';
import { SeatRules } from '../seats/model/extensions.js';
import { SeatsModule } from '../seats/seats.module.js';
import { StageHands } from './stage-hands.js';
import { StageKeeper } from './stage-keeper.js';
import { StageLimits } from './stage-limits.js';
import { StageMeController } from './stage-me.controller.js';
import { StageNews } from './stage-news.js';
import { StageOffers } from './stage-offers.js';
import { StageParticipantsService } from './stage-participants.service.js';
import { StageStore } from './stage-store.js';
import { StageController } from './stage.controller.js';
import { StageService } from './stage.service.js';

/** Raised hands, invitations, questions to unmute, and how many may be up at a time. */
@Module({
  imports: [SeatsModule],
  controllers: [StageController, StageMeController],
  providers: [
    StageHands,
    StageKeeper,
    StageLimits,
    StageNews,
    StageOffers,
    StageParticipantsService,
    StageService,
    StageStore,
  ],
  exports: [StageLimits, StageService],
})
export class StageModule implements OnModuleInit {
  constructor(
    private readonly rules: SeatRules,
    private readonly extras: SeatExtras,
    private readonly store: StageStore,
    private readonly limits: StageLimits,
    private readonly hands: StageHands,
  ) {}

  onModuleInit(): void {
    this.rules.add(this.limits);
    this.rules.add(this.hands);
    this.extras.provide((room, identities) => this.store.readExtras(room, identities));
  }
}
