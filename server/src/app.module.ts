import { type DynamicModule, Module } from '@nestjs/common';
import { AlarmsModule } from './alarms/alarms.module.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AssignmentsModule } from './assignments/assignments.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BulkModule } from './bulk/bulk.module.js';
import { CommonModule } from './common/common.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { CredentialsModule } from './credentials/credentials.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DemoModule } from './demo/demo.module.js';
import { EventsModule } from './events/events.module.js';
import { HintsModule } from './hints/hints.module.js';
import { GateModule } from './gate/gate.module.js';
import { HttpModule } from './http/http.module.js';
import { IssuanceModule } from './issuance/issuance.module.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { LiveKitModule } from './livekit/livekit.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OperatorsModule } from './operators/operators.module.js';
import { PeeksModule } from './peeks/peeks.module.js';
import { PolicyModule } from './policy/policy.module.js';
import { PresenceModule } from './presence/presence.module.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { ReconcilerModule } from './reconciler/reconciler.module.js';
import { RoleTemplatesModule } from './role-templates/role-templates.module.js';
import { RoomsModule } from './rooms/rooms.module.js';
import { ScenesModule } from './scenes/scenes.module.js';
import { SeatsModule } from './seats/seats.module.js';
import { StageModule } from './stage/stage.module.js';
import { StartModule } from './start/start.module.js';
import { StatusModule } from './status/status.module.js';
import { UiModule } from './ui/ui.module.js';
import { UsersModule } from './users/users.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

@Module({})
export class AppModule {
  static with(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        CommonModule,
        DatabaseModule,
        HintsModule,
        MetricsModule,
        LedgerModule,
        AlarmsModule,
        CredentialsModule,
        AuthModule,
        HttpModule,
        LiveKitModule,
        PolicyModule,
        OperatorsModule,
        ApiKeysModule,
        RoleTemplatesModule,
        AssignmentsModule,
        AuditModule,
        UsersModule,
        RoomsModule,
        GateModule,
        DemoModule,
        EventsModule,
        IssuanceModule,
        PeeksModule,
        PresenceModule,
        WebhooksModule,
        ReceiptsModule,
        ReconcilerModule,
        SeatsModule,
        StageModule,
        BulkModule,
        ScenesModule,
        StartModule,
        StatusModule,
        UiModule,
      ],
    };
  }
}
