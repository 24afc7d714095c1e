import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RoleTemplateReader } from './role-template-reader.js';
import { RoleTemplatesController } from './role-templates.controller.js';
import { RoleTemplatesService } from './role-templates.service.js';
import { RoleTemplate, RoleTemplateVersion } from './role-template.entity.js';
import { TemplateNames } from './template-names.js';

@Module({
  imports: [TypeOrmModule.forFeature([RoleTemplate, RoleTemplateVersion])],
  controllers: [RoleTemplatesController],
  providers: [RoleTemplateReader, RoleTemplatesService, TemplateNames],
  exports: [RoleTemplateReader, RoleTemplatesService, TemplateNames],
})
export class RoleTemplatesModule {}
