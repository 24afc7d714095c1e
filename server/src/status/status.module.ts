import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ReconcilerModule } from '../reconciler/reconciler.module.js';
import { ClockWatch } from './clock-watch.js';
import { GateCheck } from './gate-check.js';
import { HealthController } from './health.controller.js';
import { OpenApiController } from './openapi.controller.js';
import { StartModule } from '../start/start.module.js';
import { StatusController } from './status.controller.js';

@Module({
  imports: [DiscoveryModule, ReconcilerModule, StartModule],
  controllers: [HealthController, OpenApiController, StatusController],
  providers: [ClockWatch, GateCheck],
})
export class StatusModule {}
