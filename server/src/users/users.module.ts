import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SeatsModule } from '../seats/seats.module.js';
import { KeptUsers } from './kept-users.js';
import { LookAlikes } from './look-alikes.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';
import { AppUser } from './app-user.entity.js';
import { UserRemoval } from './user-removal.js';
import { UserNames } from './user-names.js';

@Module({
  imports: [SeatsModule, TypeOrmModule.forFeature([AppUser])],
  controllers: [UsersController],
  providers: [KeptUsers, LookAlikes, UserNames, UserRemoval, UsersService],
  exports: [KeptUsers, UserNames, UserRemoval, UsersService],
})
export class UsersModule {}
