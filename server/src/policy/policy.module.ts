import { Global, Module } from '@nestjs/common';
import { LiveRolesReader } from './live-roles.js';
import { PolicyReader } from './policy-reader.js';
import { PastPolicyReader } from './past/past-policy.js';
import { RoleHolders } from './role-holders.js';
import { TemplateUsageReader } from './template-usage.js';
import { VisibleScopesReader } from './visible-scopes.js';

const READERS = [
  LiveRolesReader,
  PastPolicyReader,
  PolicyReader,
  RoleHolders,
  TemplateUsageReader,
  VisibleScopesReader,
];

/** Who may do what: the one reader of policy, shared by issuing, seats and the reconciler. */
@Global()
@Module({ providers: READERS, exports: READERS })
export class PolicyModule {}
