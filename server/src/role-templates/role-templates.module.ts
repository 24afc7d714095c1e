import { Module } from '@nestjs/common';
import { RoleTemplatesController } from './role-templates.controller.js';
import { RoleTemplatesService } from './role-templates.service.js';

@Module({
  controllers: [RoleTemplatesController],
  providers: [RoleTemplatesService],
  exports: [RoleTemplatesService],
})
export class RoleTemplatesModule {}
