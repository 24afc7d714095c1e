import { Module } from '@nestjs/common';
import { SeatsModule } from '../seats/seats.module.js';
import { ParticipantAuth } from './participant-auth.js';
import { ParticipantProofs } from './participant-proofs.js';

/** Identifies participants by the token that they hold. */
@Module({
  imports: [SeatsModule],
  providers: [ParticipantAuth, ParticipantProofs],
  exports: [ParticipantAuth, ParticipantProofs],
})
export class ProofsModule {}
