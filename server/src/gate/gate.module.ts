import { Module } from '@nestjs/common';
import { RoomsModule } from '../rooms/rooms.module.js';
import { GateProxy } from './gate-proxy.js';
import { GateController } from './gate.controller.js';
import { GateService } from './gate.service.js';
import { GateTunnels } from './gate-tunnels.js';
import { GateUpstream } from './gate-upstream.js';
import { ProofsModule } from '../proofs/proofs.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { UsersModule } from '../users/users.module.js';
import { VoidTokensController } from './void-tokens.controller.js';
import { VoidTokensService } from './void-tokens.service.js';

/** In front of LiveKit's signalling: every connect gets the rights of this moment. */
@Module({
  imports: [ProofsModule, RoomsModule, SeatsModule, UsersModule],
  controllers: [GateController, VoidTokensController],
  providers: [GateProxy, GateService, GateTunnels, GateUpstream, VoidTokensService],
})
export class GateModule {}
