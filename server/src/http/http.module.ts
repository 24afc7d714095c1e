import { Module, type OnModuleInit } from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  DiscoveryModule,
  DiscoveryService,
  MetadataScanner,
} from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { EndUsersModule } from '../end-users/end-users.module.js';
import { ProofsModule } from '../proofs/proofs.module.js';
import { Housekeeping } from '../database/housekeeping.js';
import { AccessGuard } from './access.guard.js';
import { AccessHook } from './access.hook.js';
import { DirectRoutes } from './direct-routes.js';
import { Idempotency, KEPT } from './idempotency.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { DocsController } from './docs.controller.js';
import { OpenApiController } from './openapi.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { TokenReplays } from './token-replays.js';
import { assertEveryRouteHasARule, readRoutes } from './route-table.js';

/** What every request passes: the guard, the idempotency of retries, and errors as problems. */
@Module({
  imports: [AuthModule, DiscoveryModule, EndUsersModule, ProofsModule],
  controllers: [DocsController, OpenApiController],
  providers: [
    AccessGuard,
    AccessHook,
    DirectRoutes,
    Idempotency,
    ProblemFilter,
    TokenReplays,
    { provide: APP_FILTER, useExisting: ProblemFilter },
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
  exports: [Idempotency],
})
export class HttpModule implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly housekeeping: Housekeeping,
  ) {}

  onModuleInit(): void {
    this.housekeeping.addExpiry('idempotency_key', 'actor, key', `created_at < now() - ${KEPT}`);
    assertEveryRouteHasARule(readRoutes(this.discovery, this.scanner));
  }
}
