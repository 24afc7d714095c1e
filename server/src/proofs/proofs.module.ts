import { Module } from '@nestjs/common';
import { SeatsModule } from '../seats/seats.module.js';
import { ParticipantDoor } from './participant-door.js';
import { ParticipantProofs } from './participant-proofs.js';

/** For whatever takes a participant's word: who they are, by the token that they hold. */
@Module({
  imports: [SeatsModule],
  providers: [ParticipantDoor, ParticipantProofs],
  exports: [ParticipantDoor, ParticipantProofs],
})
export class ProofsModule {}
