import { Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ProofsModule } from '../gate/proofs.module.js';
import { AccessGuard } from './access.guard.js';
import { AccessHook } from './access.hook.js';
import { ParticipantDoor } from './participant-door.js';
import { assertEveryRouteHasARule, readRoutes } from './route-table.js';

@Module({
  imports: [DiscoveryModule, ProofsModule],
  providers: [
    ParticipantDoor,
    AccessGuard,
    AccessHook,
    { provide: APP_GUARD, useExisting: AccessGuard },
  ],
})
export class AccessModule implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    assertEveryRouteHasARule(readRoutes(this.discovery, this.scanner));
  }
}
