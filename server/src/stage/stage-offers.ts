import { Injectable } from '@nestjs/common';
import { fieldError } from '../common/errors/app-error.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { PolicyReader, type PolicyRoom } from '../policy/policy-reader.js';
import type { Evaluation } from '../seats/model/seat-policy.js';

/** What people are let up to when neither the moderator nor the room says. */
const DEFAULT_PROMOTION = 'speaker';

/** A role that somebody may be given here. */
export interface Offer {
  readonly template: string;
  readonly grants: RoleGrants;
}

/** What being let up to the stage means in a room. */
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
    const state = input.templates[template];
    if (!state) throw fieldError(field, 'no role template has this key');
    if (state.isArchived) throw fieldError(field, 'this role template is archived');
    if (state.published === null) throw fieldError(field, 'has no published version');
    return this.read(template, state.published);
  }

  /** What the room lets people up to; null while nobody can be given that. */
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

export function promotesTo({ promoteTemplate }: PolicyRoom): string {
  return promoteTemplate ?? DEFAULT_PROMOTION;
}
