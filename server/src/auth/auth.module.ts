import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { Housekeeping } from '../database/housekeeping.js';
import { OperatorSignOut } from '../operators/operator-sign-out.js';
import { OperatorsModule } from '../operators/operators.module.js';
import { AuthService } from './auth.service.js';
import { KeyTrace } from './key-trace.js';
import { SessionController } from './session.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInLimits } from './sign-in-limits.js';
import { SignInTrace } from './sign-in-trace.js';

@Global()
@Module({
  imports: [ApiKeysModule, OperatorsModule],
  controllers: [SessionController],
  providers: [AuthService, KeyTrace, SessionsService, SignInLimits, SignInTrace],
  exports: [AuthService, SessionsService],
})
export class AuthModule implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly signOut: OperatorSignOut,
    private readonly sessions: SessionsService,
  ) {}

  onModuleInit(): void {
    this.signOut.add((tx, operator) => this.sessions.endAllOf(tx, operator));
    const expired = 'expires_at < now()';
    this.housekeeping.addExpiry('operator_session', 'id', expired);
    this.housekeeping.addExpiry('operator_device', 'operator_id, token_hash', expired);
    this.housekeeping.addExpiry('sign_in_guess', 'key', expired);
    this.housekeeping.addExpiry(
      'sign_in_limit',
      'key',
      'expire < extract(epoch FROM now()) * 1000',
    );
  }
}
