import { Injectable } from '@nestjs/common';
import { Actor, type ActorRef, type RequestFacts, SYSTEM_ACTOR } from '../actor/actor.js';
import { AuthService } from '../auth/auth.service.js';

/** Who began an operation, with what they hold at this moment and not at that one. */
@Injectable()
export class BulkActors {
  constructor(private readonly auth: AuthService) {}

  /** Null when they may no longer do anything. */
  async now(then: ActorRef & RequestFacts): Promise<Actor | null> {
    const { kind, id, requestId, ip } = then;
    if (kind === 'system') return SYSTEM_ACTOR;
    if (kind === 'participant' || kind === 'user' || id === null) return null;
    const known = await this.auth.actorById(kind, id);
    return known && new Actor(kind, known.id, known.label, known.holds, requestId, ip);
  }
}
