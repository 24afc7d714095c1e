import { Global, Module } from '@nestjs/common';
import { AuthService } from './auth.service.js';
import { Passwords } from './passwords.js';
import { SessionController } from './session.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInLimits } from './sign-in-limits.js';
import { SignInTrace } from './sign-in-trace.js';

@Global()
@Module({
  controllers: [SessionController],
  providers: [AuthService, Passwords, SessionsService, SignInLimits, SignInTrace],
  exports: [AuthService, Passwords, SessionsService],
})
export class AuthModule {}
