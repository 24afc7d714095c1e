import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RoleTemplatesController } from './role-templates.controller.js';
import { RoleTemplatesService } from './role-templates.service.js';
import { RoleTemplate, RoleTemplateVersion } from './role-template.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([RoleTemplate, RoleTemplateVersion])],
  controllers: [RoleTemplatesController],
  providers: [RoleTemplatesService],
  exports: [RoleTemplatesService],
})
export class RoleTemplatesModule {}
