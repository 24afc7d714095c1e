import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';
import { AppUser } from './app-user.entity.js';
import { UserRemoval } from './user-removal.js';

@Module({
  imports: [TypeOrmModule.forFeature([AppUser])],
  controllers: [UsersController],
  providers: [UserRemoval, UsersService],
  exports: [UserRemoval, UsersService],
})
export class UsersModule {}
