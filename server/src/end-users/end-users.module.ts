import { Module } from '@nestjs/common';
import { CrossOrigin } from './cross-origin.js';
import { EndUserAuth } from './end-user-auth.js';
import { PreflightController } from './preflight.controller.js';
import { UserTokens } from './user-tokens.js';

/** The application's end users, who ask for their own tokens. */
@Module({
  controllers: [PreflightController],
  providers: [CrossOrigin, EndUserAuth, UserTokens],
  exports: [CrossOrigin, EndUserAuth],
})
export class EndUsersModule {}
