import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { RoleTemplatesModule } from '../role-templates/role-templates.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { UsersModule } from '../users/users.module.js';
import { ChallengeController } from './challenge.controller.js';
import { ChallengeService } from './challenge.service.js';
import { ExposureController } from './exposure.controller.js';
import { ExposureService } from './exposure.service.js';
import { ActsService } from './log/acts.service.js';
import { LogController } from './log/log.controller.js';
import { LogFigures } from './log/log-figures.js';
import { LogSearches } from './log/log-searches.js';
import { Names } from './log/names.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

/** What an auditor asks that is more than a list of entries. */
@Module({
  imports: [ApiKeysModule, OperatorsModule, RoleTemplatesModule, SeatsModule, UsersModule],
  controllers: [ChallengeController, ExposureController, LogController, SessionsController],
  providers: [
    ActsService,
    ChallengeService,
    ExposureService,
    LogFigures,
    LogSearches,
    Names,
    SessionsService,
  ],
  exports: [ChallengeService],
})
export class AuditModule {}
