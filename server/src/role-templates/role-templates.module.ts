import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SeatsModule } from '../seats/seats.module.js';
import { RoleTemplatesController } from './role-templates.controller.js';
import { RoleTemplatesService } from './role-templates.service.js';
import { RoleTemplate, RoleTemplateVersion } from './role-template.entity.js';

@Module({
  imports: [SeatsModule, TypeOrmModule.forFeature([RoleTemplate, RoleTemplateVersion])],
  controllers: [RoleTemplatesController],
  providers: [RoleTemplatesService],
  exports: [RoleTemplatesService],
})
export class RoleTemplatesModule {}
