import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { changesBetween } from '../common/changes.js';
import { AppError } from '../common/errors/app-error.js';
import { beyondCeiling, outsideRoomLimit, roomNotFound } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import type { Page } from '../common/http/lists.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import type { SceneRule } from '../grants/policy.js';
import { publishedGrants } from '../role-templates/published-grants.js';
import { RoomStore } from '../rooms/room-store.js';
import { BUILT_IN_SCENES } from './built-in-scenes.js';
import type { CreateSceneBody, ListScenesQuery, UpdateSceneBody } from './scenes.schemas.js';
import type { ActorKind } from '../grants/policy.js';

interface SceneRow {
  id: string;
  room: string | null;
  name: string;
  description: string;
  rules: SceneRule[];
  is_built_in: boolean;
  created_by_label: string;
  created_by_kind: ActorKind | null;
  revision: number;
  created_at: Date | null;
  updated_at: Date | null;
}

export type SceneView = ReturnType<typeof toView>;

const COLUMNS = `s.id, s.room, s.name, s.description, s.rules, s.is_built_in, s.created_by_label,
  s.created_by_kind,  s.revision, s.created_at, s.updated_at`;

/** Those of the table and those of the product ($1, as JSON), as one. */
const ALL_SCENES = `(
  SELECT id, room, name, description, rules, false AS is_built_in, created_by_label, created_by_kind,
    revision, created_at, updated_at FROM scene
  UNION ALL
  SELECT b.id, NULL, b.name, b.description, b.rules, true, 'Rolecall', 'system', 1, NULL, NULL
  FROM jsonb_to_recordset($1::jsonb) AS b(id uuid, name text, description text, rules jsonb)) s`;

const SORT_COLUMNS: Record<string, string> = {
  id: 's.id',
  name: collated('s.name'),
  room: collated('s.room'),
  createdAt: 's.created_at',
  updatedAt: 's.updated_at',
};

const READ_ONLY = ['id', 'room', 'isBuiltIn', 'createdBy', 'createdByKind', 'createdAt'] as const;
const BUILT_IN = JSON.stringify(BUILT_IN_SCENES);

/** Saved scenes: role per role, what becomes of people while one plays. */
@Injectable()
export class ScenesService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly rooms: RoomStore,
  ) {}

  async list(actor: Actor, { filter, sort, range }: ListScenesQuery): Promise<Page<SceneView>> {
    const { rows, total } = await readPage<SceneRow>(this.pg, {
      name: 'scene-list',
      sort,
      columns: COLUMNS,
      from: ALL_SCENES,
      where: `($2::text[] IS NULL OR s.room IS NULL OR s.room LIKE ANY($2))
        AND ($3::text IS NULL OR ${containsText('$3', ['s.name', 's.description'])})
        AND ($4::text IS NULL OR s.room IS NULL OR s.room = $4)
        AND ($5::boolean IS NULL OR s.is_built_in = $5)
        AND ($6::text[] IS NULL OR s.id::text = ANY($6))`,
      sortColumns: SORT_COLUMNS,
      key: 's.id',
      values: [
        BUILT_IN,
        actor.roomsFor('scene.read')?.map(likeOfPattern) ?? null,
        searchPattern(filter.q),
        filter.room ?? null,
        filter.isBuiltIn ?? null,
        filter.id ?? null,
      ],
      range,
    });
    return { rows: rows.map(toView), total };
  }

  /** Throws 404 also for a scene of a room that the actor may not see. */
  async get(actor: Actor, id: string): Promise<{ view: SceneView; revision: number }> {
    const { rows } = await this.pg.query<SceneRow>(
      'scene-get',
      `SELECT ${COLUMNS} FROM ${ALL_SCENES} WHERE s.id = $2`,
      [BUILT_IN, id],
    );
    const row = rows[0];
    if (!row || (row.room !== null && !actor.can('scene.read', row.room))) throw notFound();
    return { view: toView(row), revision: row.revision };
  }

  async create(actor: Actor, body: CreateSceneBody) {
    assertReaches(actor, body.room);
    const id = randomUUID();
    await this.transactions.run(async (tx) => {
      if (body.room !== null && !(await this.rooms.share(tx, body.room))) throw roomNotFound();
      await assertMayGive(tx, actor, body.room, body.rules);
      await tx.query(
        `INSERT INTO scene (id, room, name, description, rules, created_by_label,
           created_by_kind)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          id,
          body.room,
          body.name,
          body.description,
          JSON.stringify(body.rules),
          actor.label,
          actor.kind,
        ],
      );
      tx.record({
        kind: 'scene.created',
        outcome: 'ok',
        actor,
        room: body.room,
        payload: { scene: id, after: body },
      });
    });
    return this.get(actor, id);
  }

  /** What is changed is for the next time: a room that plays the scene plays it as it was entered. */
  async update(actor: Actor, id: string, body: UpdateSceneBody, ifMatch: string | undefined) {
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, actor, id);
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      refuseReadOnly(body, before, READ_ONLY);
      const { name, description, rules } = body;
      const changes = changesBetween<Partial<SceneView>>(before, { name, description, rules });
      if (!changes) return;
      if (changes.after.rules) await assertMayGive(tx, actor, row.room, changes.after.rules);
      const after = { ...before, ...changes.after };
      await tx.query(
        `UPDATE scene SET name = $2, description = $3, rules = $4, revision = revision + 1,
           updated_at = now() WHERE id = $1`,
        [id, after.name, after.description, JSON.stringify(after.rules)],
      );
      tx.record({
        kind: 'scene.updated',
        outcome: 'ok',
        actor,
        room: row.room,
        payload: { scene: id, ...changes },
      });
    });
    return this.get(actor, id);
  }

  async delete(actor: Actor, id: string, ifMatch: string | undefined): Promise<void> {
    await this.transactions.run(async (tx) => {
      const row = await lock(tx, actor, id);
      const before = toView(row);
      assertMatch(ifMatch, row.revision, before);
      await tx.query('DELETE FROM scene WHERE id = $1', [id]);
      tx.record({
        kind: 'scene.deleted',
        outcome: 'ok',
        actor,
        room: row.room,
        payload: { scene: id, before },
      });
    });
  }
}

async function lock(tx: Tx, actor: Actor, id: string): Promise<SceneRow> {
  if (BUILT_IN_SCENES.some((scene) => scene.id === id)) {
    throw new AppError('conflict', 'scene.built_in', 'Built-in scenes cannot be changed: copy it.');
  }
  const { rows } = await tx.query<SceneRow>(
    `SELECT s.*, false AS is_built_in FROM scene s WHERE s.id = $1 FOR UPDATE`,
    [id],
  );
  const row = rows[0];
  if (!row || (row.room !== null && !actor.can('scene.read', row.room))) throw notFound();
  assertReaches(actor, row.room);
  return row;
}

/** A scene for every room needs access to every room. */
function assertReaches(actor: Actor, room: string | null): void {
  const isReached =
    room === null ? actor.covers('scene.write', null) : actor.can('scene.write', room);
  if (isReached) return;
  throw outsideRoomLimit('room', 'your access is limited to some rooms');
}

/** Nobody saves a scene that gives more than they may give there (rule 5). */
async function assertMayGive(
  tx: Tx,
  actor: Actor,
  room: string | null,
  rules: readonly SceneRule[],
): Promise<void> {
  for (const { from, to } of rules) {
    if (to === null) continue;
    const grants = await publishedGrants(tx, to, 'rules');
    if (to === from) continue;
    const beyond =
      room === null
        ? actor.exceedingForPattern('scene.write', grants, null)
        : actor.exceeding('scene.write', grants, room);
    if (beyond.length > 0) throw beyondCeiling(beyond);
  }
}

function notFound(): AppError {
  return new AppError('not_found', 'scene.not_found', 'There is no such scene.');
}

function toView(row: SceneRow) {
  return {
    id: row.id,
    room: row.room,
    name: row.name,
    description: row.description,
    rules: row.rules.map(({ from, to }) => ({ from, to })),
    isBuiltIn: row.is_built_in,
    createdBy: row.created_by_label,
    createdByKind: row.created_by_kind,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
