import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Tx } from '../ledger/transactions.js';
import { BulkRunner } from './bulk-runner.js';
import { BulkScenes } from './bulk-scenes.js';
import { BulkStore } from './bulk-store.js';
import { actorOf, type BulkOperation } from './bulk.js';

export type SceneOperation = BulkOperation;

/** A room enters a scene, or leaves the one that it plays. */
export interface SceneChange {
  readonly actor: Actor;
  readonly room: string;
  /** The scene's name; null: the room leaves one. */
  readonly scene: string | null;
  readonly reason: string | null;
  readonly at: Date;
  /** Milliseconds from the click to this moment. */
  readonly headMs: number;
}

/** Updates the people in a room after a change of its scene, as a bulk operation. */
@Injectable()
export class SceneOperations {
  constructor(
    private readonly store: BulkStore,
    private readonly scenes: BulkScenes,
    private readonly runner: BulkRunner,
  ) {}

  /** In the transaction that changes the scene. */
  async create(tx: Tx, change: SceneChange): Promise<SceneOperation> {
    const { actor, room, scene, reason, at, headMs } = change;
    const operation: SceneOperation = {
      id: randomUUID(),
      room,
      action: 'scene',
      params: { scene, isListed: false, headMs },
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
    await this.store.insert(tx, operation, this.runner.holder);
    return operation;
  }

  /** After its commit: lists who has to be updated, and starts. Returns how many they are. */
  start(operation: SceneOperation): Promise<number> {
    const take = () => this.runner.startOrContinue(operation.id, operation.room);
    return this.scenes.list(operation, take).finally(take);
  }
}
