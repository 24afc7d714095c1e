import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { type SceneOperation, SceneOperations } from '../bulk/scene-operations.js';
import { AppError } from '../common/errors/app-error.js';
import { roleAboveCeiling, roomNotFound } from '../common/errors/refusals.js';
import { Transactions } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import type { ActiveScene, PolicyInput, SceneRule } from '../grants/policy.js';
import { sceneRuleFor } from '../grants/scene.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { RoomStore, type StoredScene } from '../rooms/room-store.js';
import { SceneSeats } from '../seats/public/acts.js';
import { KEPT_BY_LOCK, lockRules } from './built-in-scenes.js';
import type { EnterSceneBody, LeaveSceneBody, SceneEntered } from './scenes.schemas.js';
import { ScenesService } from './scenes.service.js';

/** The scene that is about to be entered. */
type SceneToPlay = Pick<ActiveScene, 'id' | 'name' | 'rules'>;

interface SceneCommand {
  readonly actor: Actor;
  readonly room: string;
  readonly reason: string | null;
  /** Milliseconds since the epoch, as near as the server knows. */
  readonly clickedAt: number;
}

/**
 * The scene that a room plays. Entering and leaving changes one row: policy follows it from the
 * commit on, for everybody. A bulk operation updates the people in the room, publishers first.
 */
@Injectable()
export class RoomScenes {
  constructor(
    private readonly scenes: ScenesService,
    private readonly rooms: RoomStore,
    private readonly policy: PolicyReader,
    private readonly operations: SceneOperations,
    private readonly seats: SceneSeats,
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly hints: Hints,
  ) {}

  /** Replaces the scene that plays, if one does. */
  async enter(
    actor: Actor,
    room: string,
    body: EnterSceneBody,
    clickedAt: number,
  ): Promise<SceneEntered> {
    const input = await this.inputOf(room);
    const templates = await this.grantsOf(input.templates);
    const toPlay = await this.sceneToPlay(actor, room, body);
    await this.assertMayGive(actor, room, toPlay.rules, templates);
    const reason = body.reason ?? null;
    const { label: by, kind: byKind } = actor;
    let kept: string[] = [];
    const { operation, scene } = await this.play(
      { actor, room, reason, clickedAt },
      (before, at) => {
        const rules = keptFrom(
          actor,
          room,
          { before: before?.rules ?? [], next: toPlay.rules },
          templates,
        );
        kept = rules.map(({ from }) => from);
        return {
          scene: { ...toPlay, rules: [...rules, ...toPlay.rules], at, by, byKind, reason },
          entry: { kind: 'scene.entered', payload: { before, kept } },
        };
      },
    );
    const total = await this.operations.start(operation);
    return { operationId: operation.id, total, scene: toSceneView(scene as StoredScene), kept };
  }

  /** Everybody gets back what policy says without it. */
  async leave(
    actor: Actor,
    room: string,
    body: LeaveSceneBody,
    clickedAt: number,
  ): Promise<{ operationId: string; total: number }> {
    const templates = await this.grantsOf((await this.inputOf(room)).templates);
    const reason = body.reason ?? null;
    let above: AboveCeiling | null = null;
    const playing = this.play({ actor, room, reason, clickedAt }, (before) => {
      if (!before) throw notPlaying();
      // The scene that is left, which somebody else may have entered just now.
      above = notToGiveBack(actor, room, before.rules, templates);
      if (above) throw aboveCeiling(above);
      return { scene: null, entry: { kind: 'scene.left', payload: { before } } };
    });
    const { operation } = await playing.catch(async (error: unknown) => {
      throw above ? await this.refused(actor, room, above) : error;
    });
    return { operationId: operation.id, total: await this.operations.start(operation) };
  }

  /** What the room plays now; null for nothing. */
  async playing(room: string): Promise<SceneEntered['scene'] | null> {
    const { room: here } = await this.policy.read({ room, identity: '' });
    const scene = here?.scene;
    return scene ? toSceneView({ ...scene, at: scene.at.toISOString() }) : null;
  }

  /** The scene, its entry, and the operation that will tell people, in one transaction. */
  private play(
    { actor, room, reason, clickedAt }: SceneCommand,
    next: (
      before: StoredScene | null,
      at: string,
    ) => {
      scene: StoredScene | null;
      entry: { kind: 'scene.entered' | 'scene.left'; payload: Record<string, unknown> };
    },
  ): Promise<{ operation: SceneOperation; scene: StoredScene | null }> {
    return this.transactions.run(async (tx) => {
      const locked = await this.rooms.lockScene(tx, room);
      if (!locked) throw roomNotFound();
      const { before, at } = locked;
      const headMs = Math.max(0, Date.now() - clickedAt);
      const { scene, entry } = next(before, at.toISOString());
      await this.seats.replace(tx, room, scene && { ...scene, at });
      await this.rooms.setScene(tx, room, scene);
      const operation = await this.operations.create(tx, {
        actor,
        room,
        scene: scene?.name ?? null,
        reason,
        at,
        headMs,
      });
      tx.record({
        ...entry,
        outcome: 'ok',
        actor,
        room,
        reason,
        payload: { operationId: operation.id, scene, ...entry.payload },
      });
      tx.afterCommit(() => {
        this.hints.publish([
          { topic: `room:${room}`, type: 'scene', key: null },
          { topic: `room:${room}`, type: 'room', key: room },
          { topic: 'rooms', type: 'room', key: room },
        ]);
      });
      return { operation, scene };
    });
  }

  private async sceneToPlay(
    actor: Actor,
    room: string,
    body: EnterSceneBody,
  ): Promise<SceneToPlay> {
    if (body.scene === undefined) {
      return { id: null, name: 'Lock', rules: lockRules(body.lock?.keep ?? KEPT_BY_LOCK) };
    }
    const { view } = await this.scenes.get(actor, body.scene);
    if (view.room !== null && view.room !== room) {
      throw new AppError('conflict', 'scene.of_another_room', 'This scene is for another room.');
    }
    return { id: view.id, name: view.name, rules: view.rules };
  }

  private async inputOf(room: string): Promise<PolicyInput> {
    const { input } = await this.policy.read({ room, identity: '' });
    if (!input) throw roomNotFound();
    return input;
  }

  /** What each template that is in use grants. */
  private async grantsOf(templates: PolicyInput['templates']): Promise<Map<string, RoleGrants>> {
    const usable = Object.entries(templates).flatMap(([key, { published }]) =>
      published === null ? [] : [{ key, published }],
    );
    const all = await Promise.all(
      usable.map(async ({ key, published }) => {
        const { grants } = await this.policy.version(key, published);
        return [key, grants] as const;
      }),
    );
    return new Map(all);
  }

  /** A scene gives no more than the person who enters it may give (rule 5). */
  private async assertMayGive(
    actor: Actor,
    room: string,
    rules: readonly SceneRule[],
    templates: ReadonlyMap<string, RoleGrants>,
  ): Promise<void> {
    for (const { from, to } of rules) {
      const grants = to === null || to === from ? undefined : templates.get(to);
      const beyond = grants ? actor.exceeding('scene.enter', grants, room) : [];
      if (beyond.length > 0) throw await this.refused(actor, room, { template: to ?? '', beyond });
    }
  }

  private async refused(actor: Actor, room: string, above: AboveCeiling): Promise<AppError> {
    const permission = 'scene.enter';
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        room,
        payload: { permission, ...above },
      })
      .catch(() => undefined); // a refusal that cannot be written is still one
    return aboveCeiling(above);
  }
}

/** What a template gives beyond what the actor may give. */
interface AboveCeiling {
  readonly template: string;
  readonly beyond: string[];
}

function aboveCeiling({ template, beyond }: AboveCeiling): AppError {
  return roleAboveCeiling(template, beyond, 'scene.above_ceiling');
}

/** Leaving gives roles back; those beyond the actor's ceiling must be given back by somebody else. */
function notToGiveBack(
  actor: Actor,
  room: string,
  rules: readonly SceneRule[],
  templates: ReadonlyMap<string, RoleGrants>,
): AboveCeiling | null {
  for (const [template, grants] of templates) {
    const rule = sceneRuleFor(rules, template);
    if (!rule || rule.to === template) continue;
    const beyond = actor.exceeding('scene.enter', grants, room);
    if (beyond.length > 0) return { template, beyond };
  }
  return null;
}

/**
 * Rules for the templates beyond the actor's ceiling that the scene would change: their holders keep
 * them, since the actor could not demote them either. What the scene before took from them stays
 * taken, since the actor could not leave that one.
 */
function keptFrom(
  actor: Actor,
  room: string,
  { before, next }: { before: readonly SceneRule[]; next: readonly SceneRule[] },
  templates: ReadonlyMap<string, RoleGrants>,
): SceneRule[] {
  return [...templates.keys()].sort().flatMap((key) => {
    const grants = templates.get(key);
    const [had, has] = [before, next].map((rules) => sceneRuleFor(rules, key)?.to);
    const to = had === undefined ? key : had;
    const isChanged = (has === undefined ? key : has) !== to;
    if (!grants || !isChanged) return [];
    return actor.exceeding('scene.enter', grants, room).length > 0 ? [{ from: key, to }] : [];
  });
}

function toSceneView(scene: StoredScene): SceneEntered['scene'] {
  const { id, name, rules, at, by, reason } = scene;
  const plain = rules.map(({ from, to }) => ({ from, to }));
  // Scenes from before have no kind.
  return { id, name, rules: plain, at, by, byKind: scene.byKind ?? null, reason };
}

function notPlaying(): AppError {
  return new AppError('conflict', 'scene.not_playing', 'The room plays no scene.');
}
