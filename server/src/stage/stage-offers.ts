import { Injectable } from '@nestjs/common';
import { promotesTo } from '../grants/presets.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { usableVersion } from '../policy/usable-template.js';
import type { Evaluation } from '../seats/public/policy.js';

/** A role that somebody may be given here. */
export interface Offer {
  readonly template: string;
  readonly grants: RoleGrants;
}

/** The role that a promotion to the stage gives in a room. */
@Injectable()
export class StageOffers {
  constructor(private readonly policy: PolicyReader) {}

  /** Throws 400 for a template that nobody can be given; `field` is where the caller named it. */
  async offer(
    { room, input }: Evaluation,
    asked?: string,
    field: 'template' | 'key' = 'template',
  ): Promise<Offer> {
    const template = asked ?? promotesTo(room);
    return this.read(template, usableVersion(input.templates, template, field));
  }

  /** The role that the room promotes to; null while nobody can be given it. */
  async find({ room, input }: Evaluation): Promise<Offer | null> {
    const template = promotesTo(room);
    const state = input.templates[template];
    if (!state || state.isArchived || state.published === null) return null;
    return this.read(template, state.published);
  }

  private async read(template: string, version: number): Promise<Offer> {
    const { grants } = await this.policy.version(template, version);
    return { template, grants };
  }
}
