import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { AccessRolesController, OperatorsController } from './operators.controller.js';
import { OperatorsService } from './operators.service.js';
import { Operator, OperatorAccess } from './operator.entity.js';
import { OperatorSignOut } from './operator-sign-out.js';
import { OperatorStore } from './operator-store.js';
import { OperatorNames } from './operator-names.js';

@Module({
  imports: [ApiKeysModule, TypeOrmModule.forFeature([Operator, OperatorAccess])],
  controllers: [OperatorsController, AccessRolesController],
  providers: [OperatorNames, OperatorSignOut, OperatorStore, OperatorsService],
  exports: [OperatorNames, OperatorSignOut, OperatorStore, OperatorsService],
})
export class OperatorsModule {}
