import { Module } from '@nestjs/common';
import { AccessRolesController, OperatorsController } from './operators.controller.js';
import { OperatorsService } from './operators.service.js';

@Module({
  controllers: [OperatorsController, AccessRolesController],
  providers: [OperatorsService],
  exports: [OperatorsService],
})
export class OperatorsModule {}
