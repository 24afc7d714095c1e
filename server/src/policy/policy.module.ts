import { Global, Module } from '@nestjs/common';
import { PolicyReader } from './policy-reader.js';

/** Who may do what: the one reader of policy, shared by issuing, seats and the reconciler. */
@Global()
@Module({ providers: [PolicyReader], exports: [PolicyReader] })
export class PolicyModule {}
