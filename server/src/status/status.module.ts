import { Module } from '@nestjs/common';
import { ReconcilerModule } from '../reconciler/reconciler.module.js';
import { ClockWatch } from './clock-watch.js';
import { GateCheck } from './gate-check.js';
import { HealthController } from './health.controller.js';
import { SeatsModule } from '../seats/seats.module.js';
import { StartModule } from '../start/start.module.js';
import { UsersModule } from '../users/users.module.js';
import { StatusController } from './status.controller.js';

@Module({
  imports: [ReconcilerModule, SeatsModule, StartModule, UsersModule],
  controllers: [HealthController, StatusController],
  providers: [ClockWatch, GateCheck],
})
export class StatusModule {}
