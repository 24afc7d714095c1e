import { Injectable } from '@nestjs/common';
import type { Actor, ActorRef } from '../../actor/actor.js';
import type { CameInWith } from '../../ledger/lineage.schemas.js';
import type { Tx } from '../../ledger/transactions.js';
import type { ActiveScene } from '../../grants/policy.js';

/** Somebody is about to get a role by a change made in the room. */
export interface RoleClaim {
  readonly room: string;
  readonly identity: string;
  readonly template: string;
}

/** Works inside the transaction that writes the override. */
export interface SeatRule {
  /** Refuses by throwing. */
  assertMayHave?(tx: Tx, claim: RoleClaim): Promise<void>;
  /** False: nobody is refused the template in the room now. Left out: somebody may be. */
  mayRefuse?(room: string, template: string): Promise<boolean>;
  /** The same for a scene that is about to be played, which gives roles as well. */
  assertMayPlay?(tx: Tx, room: string, scene: ActiveScene): Promise<void>;
  /** The promotion is certain: a raised hand, for example, is settled with it. */
  notePromoted?(tx: Tx, claim: RoleClaim, by: ActorRef, operationId: string): Promise<void>;
  /** The same for many in one room; left out: one by one. */
  notePromotedAll?(tx: Tx, promoted: readonly Promoted[], by: ActorRef): Promise<void>;
}

/** Somebody who was promoted, by an operation. */
export interface Promoted extends RoleClaim {
  readonly operationId: string;
}

/**
 * What other features have to say about overrides, such as how many a role may have in a room.
 * Asked for every way to one: promotion, demotion, undo, tokens for another role, and scenes.
 */
@Injectable()
export class SeatRules {
  private readonly rules: SeatRule[] = [];

  add(rule: SeatRule): void {
    this.rules.push(rule);
  }

  async assertMayHave(tx: Tx, claim: RoleClaim): Promise<void> {
    for (const rule of this.rules) await rule.assertMayHave?.(tx, claim);
  }

  async assertMayPlay(tx: Tx, room: string, scene: ActiveScene): Promise<void> {
    for (const rule of this.rules) await rule.assertMayPlay?.(tx, room, scene);
  }

  async notePromoted(tx: Tx, claim: RoleClaim, by: ActorRef, operationId: string): Promise<void> {
    for (const rule of this.rules) await rule.notePromoted?.(tx, claim, by, operationId);
  }

  /** Whether `assertMayHave` has to be asked for each that is to have the template. */
  async mayRefuse(room: string, template: string): Promise<boolean> {
    for (const rule of this.rules) {
      if (rule.assertMayHave && ((await rule.mayRefuse?.(room, template)) ?? true)) return true;
    }
    return false;
  }

  async notePromotedAll(tx: Tx, promoted: readonly Promoted[], by: ActorRef): Promise<void> {
    for (const rule of this.rules) {
      if (rule.notePromotedAll) {
        await rule.notePromotedAll(tx, promoted, by);
        continue;
      }
      for (const one of promoted) await rule.notePromoted?.(tx, one, by, one.operationId);
    }
  }
}

/** What the stage knows of somebody in a room. */
export interface SeatExtra {
  readonly hand: { id: string; since: string; note: string | null } | null;
  readonly invite: { id: string; template: string; since: string } | null;
}

/** Of the whole room, or of some identities; who has neither is left out. */
type ExtrasSource = (
  room: string,
  identities: readonly string[] | null,
) => Promise<ReadonlyMap<string, SeatExtra>>;

const NO_EXTRA: SeatExtra = { hand: null, invite: null };

/** What another feature shows with a seat: read once for all seats of an answer. */
@Injectable()
export class SeatExtras {
  private source: ExtrasSource | null = null;

  provide(source: ExtrasSource): void {
    this.source = source;
  }

  async read(
    room: string,
    identities: readonly string[] | null,
  ): Promise<(identity: string) => SeatExtra> {
    const extras = await this.source?.(room, identities);
    return (identity) => extras?.get(identity) ?? NO_EXTRA;
  }
}

type OriginSource = (actor: Actor, room: string, identity: string) => Promise<CameInWith | null>;

/** Which issued token somebody who is present came in with; the feature that reads the log says. */
@Injectable()
export class SeatOrigins {
  private source: OriginSource | null = null;

  provide(source: OriginSource): void {
    this.source = source;
  }

  /** Null: they are absent, or the actor may not read the ledger of the room. */
  async read(actor: Actor, room: string, identity: string): Promise<CameInWith | null> {
    return (await this.source?.(actor, room, identity)) ?? null;
  }
}

/** Keeps the number of participants with each room; the feature of rooms provides it. */
@Injectable()
export class RoomCounts {
  private counter: ((room: string) => Promise<boolean>) | null = null;

  provide(counter: (room: string) => Promise<boolean>): void {
    this.counter = counter;
  }

  /** Counts again. True when the number has changed. */
  async count(room: string): Promise<boolean> {
    return (await this.counter?.(room)) ?? false;
  }
}
