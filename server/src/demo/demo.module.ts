import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { IssuanceModule } from '../issuance/issuance.module.js';
import { RoleTemplatesModule } from '../role-templates/role-templates.module.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { UsersModule } from '../users/users.module.js';
import { DemoController } from './demo.controller.js';
import { DemoService } from './demo.service.js';

@Module({
  imports: [AssignmentsModule, IssuanceModule, RoleTemplatesModule, RoomsModule, UsersModule],
  controllers: [DemoController],
  providers: [DemoService],
  exports: [DemoService],
})
export class DemoModule {}
