import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { RoleTemplatesModule } from '../role-templates/role-templates.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { UsersModule } from '../users/users.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { BulkModule } from '../bulk/bulk.module.js';
import { HttpModule } from '../http/http.module.js';
import { StageModule } from '../stage/stage.module.js';
import { AnomaliesController } from './anomalies/anomalies.controller.js';
import { AnomaliesService } from './anomalies/anomalies.service.js';
import { UnusedRoles } from './anomalies/unused-roles.js';
import { ChallengeController } from './challenge.controller.js';
import { ChallengeService } from './challenge.service.js';
import { DossierController } from './dossier/dossier.controller.js';
import { DossierService } from './dossier/dossier.service.js';
import { ExportController } from './export/export.controller.js';
import { ExposureController } from './exposure.controller.js';
import { ExposureService } from './exposure.service.js';
import { ActsService } from './log/acts.service.js';
import { LogController } from './log/log.controller.js';
import { LogFigures } from './log/log-figures.js';
import { LogSearches } from './log/log-searches.js';
import { Names } from './log/names.js';
import { ErasureService } from './person/erasure.service.js';
import { PersonFileController } from './person/person-file.controller.js';
import { PersonFileService } from './person/person-file.service.js';
import { PersonRecords } from './person/person-records.js';
import { RecognizeController } from './recognize/recognize.controller.js';
import { RecognizeService } from './recognize/recognize.service.js';
import { SeatLineage } from './seat-lineage.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { TimelinesController } from './timelines/timelines.controller.js';
import { TimelinesService } from './timelines/timelines.service.js';
import { ViewsController } from './views/views.controller.js';
import { ViewsService } from './views/views.service.js';

/** What an auditor asks that is more than a list of entries. */
@Module({
  imports: [
    ApiKeysModule,
    AssignmentsModule,
    BulkModule,
    HttpModule,
    OperatorsModule,
    RoleTemplatesModule,
    SeatsModule,
    StageModule,
    UsersModule,
  ],
  controllers: [
    AnomaliesController,
    ChallengeController,
    DossierController,
    ExportController,
    ExposureController,
    LogController,
    PersonFileController,
    RecognizeController,
    SessionsController,
    TimelinesController,
    ViewsController,
  ],
  providers: [
    ActsService,
    AnomaliesService,
    ChallengeService,
    DossierService,
    ErasureService,
    ExposureService,
    LogFigures,
    LogSearches,
    Names,
    PersonFileService,
    PersonRecords,
    RecognizeService,
    SeatLineage,
    SessionsService,
    TimelinesService,
    UnusedRoles,
    ViewsService,
  ],
  exports: [ChallengeService, PersonFileService, ViewsService],
})
export class AuditModule {}
