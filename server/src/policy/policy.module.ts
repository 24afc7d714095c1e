import { Global, Module } from '@nestjs/common';
import { LiveRolesReader } from './live-roles.js';
import { PolicyReader } from './policy-reader.js';

/** Who may do what: the one reader of policy, shared by issuing, seats and the reconciler. */
@Global()
@Module({ providers: [LiveRolesReader, PolicyReader], exports: [LiveRolesReader, PolicyReader] })
export class PolicyModule {}
