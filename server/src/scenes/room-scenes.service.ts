import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { BulkOperation } from '../bulk/bulk.js';
import { actorOf } from '../bulk/bulk.service.js';
import { BulkRunner } from '../bulk/bulk-runner.js';
import { BulkScenes } from '../bulk/bulk-scenes.js';
import { BulkStore } from '../bulk/bulk-store.js';
import { AppError } from '../common/errors/app-error.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { listInWords } from '../grants/grant-catalogue.js';
import type { ActiveScene, PolicyInput, SceneRule } from '../grants/policy.js';
import { sceneRuleFor } from '../grants/scene.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { SceneSeats } from '../seats/commands/scene-seats.js';
import { KEPT_BY_LOCK, lockRules } from './built-in-scenes.js';
import type { EnterSceneBody, LeaveSceneBody, SceneEntered } from './scenes.schemas.js';
import { ScenesService } from './scenes.service.js';

/** What is about to play. */
type Score = Pick<ActiveScene, 'id' | 'name' | 'rules'>;

interface Click {
  readonly actor: Actor;
  readonly room: string;
  readonly reason: string | null;
  /** Milliseconds since the epoch, as near as the server knows. */
  readonly clickedAt: number;
}

type StoredScene = Omit<ActiveScene, 'at'> & { readonly at: string };

/**
 * The scene that a room plays. Entering and leaving is one row: policy follows it from the commit on,
 * for who is in the room, who joins and who comes through the gate. Whoever is in the room and has
 * something else is told by a bulk operation, publishers first.
 */
@Injectable()
export class RoomScenes {
  constructor(
    private readonly scenes: ScenesService,
    private readonly policy: PolicyReader,
    private readonly bulk: BulkStore,
    private readonly listing: BulkScenes,
    private readonly runner: BulkRunner,
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
    const score = await this.scoreOf(actor, room, body);
    await this.assertMayGive(actor, room, score.rules, templates);
    const reason = body.reason ?? null;
    const { label: by, kind: byKind } = actor;
    let kept: string[] = [];
    const { operation, scene } = await this.play(
      { actor, room, reason, clickedAt },
      (before, at) => {
        const rules = keptFrom(
          actor,
          room,
          { before: before?.rules ?? [], next: score.rules },
          templates,
        );
        kept = rules.map(({ from }) => from);
        return {
          scene: { ...score, rules: [...rules, ...score.rules], at, by, byKind, reason },
          entry: { kind: 'scene.entered', payload: { before, kept } },
        };
      },
    );
    const total = await this.begin(operation);
    return { operationId: operation.id, total, scene: toSceneView(scene as StoredScene), kept };
  }

  /** Everybody gets back what policy says without it. */
  async leave(
    actor: Actor,
    room: string,
    body: LeaveSceneBody,
    clickedAt: number,
  ): Promise<{ operationId: string; total: number }> {
    const { templates, room: here } = await this.inputOf(room);
    if (!here.scene) throw notPlaying();
    await this.assertMayGiveBack(actor, room, here.scene.rules, await this.grantsOf(templates));
    const reason = body.reason ?? null;
    const { operation } = await this.play({ actor, room, reason, clickedAt }, (before) => {
      if (!before) throw notPlaying();
      return { scene: null, entry: { kind: 'scene.left', payload: { before } } };
    });
    return { operationId: operation.id, total: await this.begin(operation) };
  }

  /** What the room plays now; null for nothing. */
  async playing(room: string): Promise<SceneEntered['scene'] | null> {
    const { room: here } = await this.policy.read({ room, identity: '' });
    const scene = here?.scene;
    return scene ? toSceneView({ ...scene, at: scene.at.toISOString() }) : null;
  }

  /** The scene, its entry, and the operation that will tell people, in one transaction. */
  private play(
    { actor, room, reason, clickedAt }: Click,
    next: (
      before: StoredScene | null,
      at: string,
    ) => {
      scene: StoredScene | null;
      entry: { kind: string; payload: Record<string, unknown> };
    },
  ): Promise<{ operation: BulkOperation; scene: StoredScene | null }> {
    return this.transactions.run(async (tx) => {
      const { before, at } = await lockRoom(tx, room);
      const headMs = Math.max(0, Date.now() - clickedAt);
      const { scene, entry } = next(before, at.toISOString());
      await this.seats.replace(tx, room, scene && { ...scene, at });
      await tx.query('UPDATE room SET active_scene = $2 WHERE name = $1', [
        room,
        scene && JSON.stringify(scene),
      ]);
      const operation: BulkOperation = {
        id: randomUUID(),
        room,
        action: 'scene',
        params: { scene: scene?.name ?? null, isListed: false, headMs },
        actor: actorOf(actor),
        reason,
        asOf: at,
        status: 'running',
        total: 0,
        createdAt: at,
        finishedAt: null,
        undoOf: null,
        undoneBy: null,
        undoUntil: null,
      };
      await this.bulk.insert(tx, operation, this.runner.holder);
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

  private begin(operation: BulkOperation): Promise<number> {
    const { id, room } = operation;
    const take = () => this.runner.take(id, room);
    return this.listing.list(operation, take).finally(take);
  }

  private async scoreOf(actor: Actor, room: string, body: EnterSceneBody): Promise<Score> {
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
    if (!input) throw new AppError('not_found', 'room.not_found', 'There is no such room.');
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

  /** Nobody is made more by a scene than whoever enters it may give (rule 5). */
  private async assertMayGive(
    actor: Actor,
    room: string,
    rules: readonly SceneRule[],
    templates: ReadonlyMap<string, RoleGrants>,
  ): Promise<void> {
    for (const { from, to } of rules) {
      const grants = to === null || to === from ? undefined : templates.get(to);
      const beyond = grants ? actor.exceeding('scene.enter', grants, room) : [];
      if (beyond.length > 0) throw await this.refused(actor, room, to ?? '', beyond);
    }
  }

  /** Leaving gives back: what goes beyond one's ceiling was taken by somebody else, who gives it back. */
  private async assertMayGiveBack(
    actor: Actor,
    room: string,
    rules: readonly SceneRule[],
    templates: ReadonlyMap<string, RoleGrants>,
  ): Promise<void> {
    for (const [key, grants] of templates) {
      const rule = sceneRuleFor(rules, key);
      if (!rule || rule.to === key) continue;
      const beyond = actor.exceeding('scene.enter', grants, room);
      if (beyond.length > 0) throw await this.refused(actor, room, key, beyond);
    }
  }

  private async refused(actor: Actor, room: string, template: string, beyond: string[]) {
    const permission = 'scene.enter';
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        room,
        payload: { permission, template, beyond },
      })
      .catch(() => undefined); // a refusal that cannot be written is still one
    return new AppError(
      'forbidden',
      'scene.above_ceiling',
      `The role ${template} goes beyond what you may handle: ${listInWords(beyond)}.`,
      { extra: { template, beyond } },
    );
  }
}

/**
 * Rules for the templates beyond the actor's ceiling that the scene would change: whoever holds them
 * keeps what they have, as a demotion of theirs would be refused. What the scene before took from
 * them stays taken, as leaving that one would be refused.
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

async function lockRoom(tx: Tx, room: string): Promise<{ before: StoredScene | null; at: Date }> {
  const { rows } = await tx.query<{ before: StoredScene | null; at: Date }>(
    `SELECT active_scene AS before, date_trunc('milliseconds', clock_timestamp()) AS at
     FROM room WHERE name = $1 FOR UPDATE`,
    [room],
  );
  if (!rows[0]) throw new AppError('not_found', 'room.not_found', 'There is no such room.');
  return rows[0];
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
