import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessRolesController, OperatorsController } from './operators.controller.js';
import { OperatorsService } from './operators.service.js';
import { Operator, OperatorAccess } from './operator.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([Operator, OperatorAccess])],
  controllers: [OperatorsController, AccessRolesController],
  providers: [OperatorsService],
  exports: [OperatorsService],
})
export class OperatorsModule {}
