import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import { likePattern, type Page } from '../common/http/lists.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { DatabaseClock } from '../database/database-clock.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { Hints } from '../hints/hints.js';
import { compileGrant } from '../grants/compile-grant.js';
import { describeGrants } from '../grants/describe.js';
import { diffVersions } from '../grants/diff.js';
import { lintGrants } from '../grants/lint.js';
import { matchesPattern } from '../grants/pattern.js';
import { NO_GRANTS, type RoleGrants, type TemplateContent } from '../grants/role-grants.js';
import { RoleTemplate, RoleTemplateVersion } from './role-template.entity.js';
import { type LiveRoles, LiveRolesReader } from '../policy/live-roles.js';
import { isVisible, VisibleScopesReader } from '../policy/visible-scopes.js';
import type {
  CreateTemplateBody,
  DiffQuery,
  DraftBody,
  ListTemplatesQuery,
  PreviewBody,
  UpdateTemplateBody,
} from './role-templates.schemas.js';
import type { ActorKind } from '../grants/policy.js';
import { SeatStore } from '../seats/store/seat-store.js';

interface TemplateRow {
  key: string;
  name: string;
  description: string;
  color: string;
  is_built_in: boolean;
  is_archived: boolean;
  published: number | null;
  draft: TemplateContent | null;
  draft_based_on: number | null;
  draft_updated_at: Date | null;
  draft_updated_by: string | null;
  draft_updated_by_kind: ActorKind | null;
  revision: number;
  created_at: Date;
  grants: RoleGrants | null;
  ttl: number | null;
  metadata: string | null;
  attributes: Record<string, string> | null;
  published_at: Date | null;
}

/** Where and how much templates are in use, of what the reader may see. */
interface Usage {
  /** Template → assignments that have not ended. */
  readonly assignments: ReadonlyMap<string, number>;
  /** Template → room → people. */
  readonly live: LiveRoles['byTemplate'];
}

const COLUMNS = 't.*, v.grants, v.ttl, v.metadata, v.attributes, v.published_at';

const FROM = `role_template t
  LEFT JOIN role_template_version v ON v.template = t.key AND v.version = t.published`;

const SORT_COLUMNS: Record<string, string> = {
  key: 't.key',
  id: 't.key',
  name: 't.name',
  published: 't.published',
  createdAt: 't.created_at',
};

/** Counts that move by themselves: a form that is a moment old is no attempt to change them. */
const MOVING = ['assignments', 'live'] as const;

const READ_ONLY = [
  'id',
  'key',
  'isBuiltIn',
  'isArchived',
  'published',
  'publishedAt',
  'grants',
  'ttl',
  'metadata',
  'attributes',
  'draft',
  'createdAt',
] as const;

export type TemplateView = ReturnType<typeof toView>;

/** Role templates: drafts, versions, and what changing them would mean. */
@Injectable()
export class RoleTemplatesService {
  constructor(
    private readonly pg: PgPool,
    private readonly transactions: Transactions,
    private readonly liveRoles: LiveRolesReader,
    private readonly visibleScopes: VisibleScopesReader,
    private readonly seats: SeatStore,
    private readonly hints: Hints,
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  async list(actor: Actor, query: ListTemplatesQuery): Promise<Page<TemplateView>> {
    const { filter, sort, range } = query;
    const { rows, total } = await readPage<TemplateRow>(this.pg, {
      name: 'template-list',
      sort,
      columns: COLUMNS,
      from: FROM,
      where: `($1::text IS NULL OR t.key ILIKE $1 OR t.name ILIKE $1 OR t.description ILIKE $1)
        AND ($2::boolean IS NULL OR t.is_archived = $2)
        AND ($3::text[] IS NULL OR t.key = ANY($3))`,
      sortColumns: SORT_COLUMNS,
      key: 't.key',
      values: [
        filter.q ? likePattern(filter.q) : null,
        filter.isArchived ?? null,
        filter.key ? [filter.key] : (filter.id ?? null),
      ],
      range,
    });
    const usage = await this.usageOf(
      actor,
      rows.map(({ key }) => key),
    );
    return { rows: rows.map((row) => toView(row, usage)), total };
  }

  async get(actor: Actor, key: string): Promise<{ view: TemplateView; revision: number }> {
    const { rows } = await this.pg.query<TemplateRow>(
      'template-get',
      `SELECT ${COLUMNS} FROM ${FROM} WHERE t.key = $1`,
      [key],
    );
    const row = rows[0];
    if (!row) throw notFound(key);
    return { view: toView(row, await this.usageOf(actor, [key])), revision: row.revision };
  }

  /** Rooms outside the reader's limit are neither named nor counted. */
  private async usageOf(actor: Actor, keys: readonly string[]): Promise<Usage> {
    const { rooms, patterns } = await this.visibleScopes.read(actor, 'role_template.read');
    const [{ rows }, { byTemplate }] = await Promise.all([
      this.pg.query<{ template: string; count: number }>(
        'template-assignments',
        `SELECT template, count(*)::int AS count FROM assignment a
         WHERE template = ANY($1) AND (valid_until IS NULL OR valid_until > now())
           AND ${isVisible('a', '$2', '$3')} GROUP BY template`,
        [keys, rooms, patterns],
      ),
      this.liveRoles.read(),
    ]);
    const limit = actor.roomsFor('role_template.read');
    const isSeen = (room: string) =>
      limit === null || limit.some((pattern) => matchesPattern(pattern, room));
    const live = keys.map((key) => {
      const inRooms = [...(byTemplate.get(key) ?? [])].filter(([room]) => isSeen(room));
      return [key, new Map(inRooms)] as const;
    });
    return {
      assignments: new Map(rows.map(({ template, count }) => [template, count])),
      live: new Map(live),
    };
  }

  /** Makes a template with a draft; nothing grants anything until the draft is published. */
  async create(actor: Actor, body: CreateTemplateBody): Promise<string> {
    this.assertCeiling(actor, 'role_template.write', body.grants);
    const { key, name, description, color, ...content } = body;
    await this.transactions.run(async (tx) => {
      await tx.manager.insert(RoleTemplate, {
        key,
        name,
        description,
        color,
        draft: content,
        draftUpdatedAt: this.clock.now(),
        draftUpdatedBy: actor.label,
        draftUpdatedByKind: actor.kind,
      });
      tx.record({
        kind: 'template.created',
        outcome: 'ok',
        actor,
        payload: { template: key, name, draft: content },
      });
    });
    return key;
  }

  async update(
    actor: Actor,
    key: string,
    body: UpdateTemplateBody & Record<string, unknown>,
    ifMatch: string | undefined,
  ): Promise<void> {
    const current = await this.get(actor, key);
    const known = new Set<string>([...READ_ONLY, ...MOVING, 'name', 'description', 'color']);
    const unknown = Object.keys(body).find((field) => !known.has(field));
    if (unknown !== undefined) {
      throw new AppError('bad_request', 'request.invalid', `${unknown}: unknown field`, {
        errors: { [unknown]: 'unknown field' },
      });
    }
    refuseReadOnly(body, current.view, READ_ONLY);
    await this.change(actor, key, ifMatch, 'template.updated', async (_tx, template) => {
      template.name = body.name ?? template.name;
      template.description = body.description ?? template.description;
      template.color = body.color ?? template.color;
      return { name: template.name, description: template.description, color: template.color };
    });
  }

  /** Saves the draft, field by field: what is left out stays as the draft (or the version) has it. */
  async saveDraft(
    actor: Actor,
    key: string,
    body: DraftBody,
    ifMatch: string | undefined,
  ): Promise<void> {
    await this.change(actor, key, ifMatch, 'template.draft_saved', async (tx, template) => {
      const base = template.draft ?? (await this.publishedContent(tx, template)) ?? EMPTY;
      const draft: TemplateContent = {
        grants: body.grants ?? base.grants,
        ttl: body.ttl === undefined ? base.ttl : body.ttl,
        metadata: body.metadata ?? base.metadata,
        attributes: body.attributes ?? base.attributes,
      };
      this.assertCeiling(actor, 'role_template.write', draft.grants);
      if (!template.draft) template.draftBasedOn = template.published;
      template.draft = draft;
      template.draftUpdatedAt = this.clock.now();
      template.draftUpdatedBy = actor.label;
      template.draftUpdatedByKind = actor.kind;
      return { draft };
    });
  }

  async discardDraft(actor: Actor, key: string, ifMatch: string | undefined): Promise<void> {
    await this.change(actor, key, ifMatch, 'template.draft_discarded', async (_tx, template) => {
      if (template.published === null) {
        throw new AppError(
          'conflict',
          'role_template.only_draft',
          'This template has nothing but its draft. Delete the template instead.',
        );
      }
      clearDraft(template);
      return {};
    });
  }

  /** Makes the draft the next version, and that version the one that policy uses from now on. */
  async publish(
    actor: Actor,
    key: string,
    message: string,
    ifMatch: string | undefined,
  ): Promise<RoleTemplateVersion> {
    let made: RoleTemplateVersion | undefined;
    await this.change(actor, key, ifMatch, 'template.published', async (tx, template) => {
      const draft = template.draft;
      if (!draft) {
        throw new AppError('conflict', 'role_template.no_draft', 'There is no draft to publish.');
      }
      this.assertCeiling(actor, 'role_template.publish', draft.grants);
      const before = await this.publishedContent(tx, template);
      const { rows } = await tx.query<{ next: number }>(
        'SELECT coalesce(max(version), 0) + 1 AS next FROM role_template_version WHERE template = $1',
        [key],
      );
      made = tx.manager.create(RoleTemplateVersion, {
        template: key,
        version: rows[0]?.next,
        ...draft,
        message,
        publishedBy: actor.kind === 'operator' ? actor.id : null,
        publishedByLabel: actor.label,
        publishedByKind: actor.kind,
        publishedAt: this.clock.now(),
      } as Partial<RoleTemplateVersion>);
      await tx.manager.insert(RoleTemplateVersion, made);
      template.published = made.version;
      clearDraft(template);
      const rooms = (await this.liveRoles.read()).byTemplate.get(key)?.keys() ?? [];
      const hints = [...rooms].map((room) => ({
        topic: `room:${room}`,
        type: 'policy',
        key: null,
      }));
      tx.afterCommit(() => this.hints.publish(hints));
      return {
        version: made.version,
        message,
        grants: draft.grants,
        ttl: draft.ttl,
        difference: diffVersions(before ?? EMPTY, draft).map((sentence) => sentence.text),
        // Published all the same: the log says what was doubtful, and who decided.
        findings: this.lint(draft)
          .filter((f) => f.severity !== 'info')
          .map((f) => f.code),
      };
    });
    return made as RoleTemplateVersion;
  }

  async setArchived(actor: Actor, key: string, isArchived: boolean): Promise<void> {
    const kind = isArchived ? 'template.archived' : 'template.unarchived';
    await this.change(actor, key, undefined, kind, async (tx, template) => {
      if (isArchived) await this.assertUnused(tx, key);
      template.isArchived = isArchived;
      return {};
    });
  }

  /** Only what never granted anything can be deleted; the rest is cited by the ledger and stays. */
  async delete(actor: Actor, key: string): Promise<void> {
    await this.transactions.run(async (tx) => {
      const template = await this.lock(tx, key);
      if (template.published !== null || template.isBuiltIn) {
        throw new AppError(
          'conflict',
          'role_template.was_published',
          'Tokens and the log cite this template. Archive it instead.',
        );
      }
      await this.assertUnused(tx, key);
      await tx.manager.delete(RoleTemplate, { key });
      tx.record({ kind: 'template.deleted', outcome: 'ok', actor, payload: { template: key } });
    });
  }

  async versions(actor: Actor, key: string): Promise<ReturnType<typeof toVersionView>[]> {
    await this.get(actor, key);
    const { rows } = await this.pg.query<VersionRow>(
      'template-versions',
      'SELECT * FROM role_template_version WHERE template = $1 ORDER BY version DESC LIMIT 1000',
      [key],
    );
    return rows.map(toVersionView);
  }

  async version(key: string, version: number): Promise<ReturnType<typeof toVersionView>> {
    const { rows } = await this.pg.query<VersionRow>(
      'template-version',
      'SELECT * FROM role_template_version WHERE template = $1 AND version = $2',
      [key, version],
    );
    if (!rows[0]) {
      throw new AppError(
        'not_found',
        'role_template.no_version',
        `${key} has no version ${version}.`,
      );
    }
    return toVersionView(rows[0]);
  }

  /** The difference between two versions, or a version and the draft, in sentences. */
  async diff(actor: Actor, key: string, { from, to }: DiffQuery) {
    const [before, after] = await Promise.all([
      this.content(actor, key, from),
      this.content(actor, key, to),
    ]);
    return { from, to, sentences: diffVersions(before, after) };
  }

  /** Whom publishing would concern, of what the reader may see. */
  async impact(actor: Actor, key: string) {
    const { view } = await this.get(actor, key);
    const { live } = await this.usageOf(actor, [key]);
    const rooms = [...(live.get(key) ?? [])]
      .map(([room, live]) => ({ room, live }))
      .sort((a, b) => b.live - a.live)
      .slice(0, 100);
    const defaults = await this.pg.query<{ name: string }>(
      'template-default-rooms',
      `SELECT name FROM room
       WHERE default_template = $1 AND ($2::text[] IS NULL OR name LIKE ANY($2))
       ORDER BY name LIMIT 100`,
      [key, actor.roomsFor('role_template.read')?.map(likeOfPattern) ?? null],
    );
    return {
      assignments: view.assignments,
      live: view.live,
      rooms,
      defaultIn: defaults.rows.map((row) => row.name),
    };
  }

  /** What a token from this content would say, in claims and in words, and what is doubtful in it. */
  preview(body: PreviewBody) {
    const { room, identity, ...content } = body;
    const ttlSeconds = Math.min(content.ttl ?? this.config.tokenTtl, this.config.tokenTtlMax);
    return {
      claims: compileGrant({
        grants: content.grants,
        room: room ?? 'the-room',
        identity: identity ?? 'somebody',
        kind: 'standard',
        name: '',
        metadata: content.metadata,
        attributes: content.attributes,
        ttlSeconds,
        issuer: this.config.livekit.apiKey,
        now: this.clock.now(),
        jti: 'made-when-issued',
      }),
      inWords: describeGrants(content.grants),
      lint: this.lint(content),
    };
  }

  private lint(content: TemplateContent) {
    return lintGrants(content, { ttlMaxSeconds: this.config.tokenTtlMax });
  }

  private assertCeiling(
    actor: Actor,
    permission: 'role_template.write' | 'role_template.publish',
    grants: RoleGrants,
  ): void {
    const beyond = actor.exceeding(permission, grants);
    if (beyond.length > 0) throw beyondCeiling(beyond);
  }

  private async content(
    actor: Actor,
    key: string,
    which: 'draft' | number,
  ): Promise<TemplateContent> {
    if (which !== 'draft') return this.version(key, which);
    const { view } = await this.get(actor, key);
    if (view.draft) return view.draft;
    if (view.published === null) return EMPTY;
    return this.version(key, view.published);
  }

  private async publishedContent(tx: Tx, template: RoleTemplate): Promise<TemplateContent | null> {
    if (template.published === null) return null;
    return tx.manager.findOneBy(RoleTemplateVersion, {
      template: template.key,
      version: template.published,
    });
  }

  private async lock(tx: Tx, key: string): Promise<RoleTemplate> {
    const template = await tx.manager.findOne(RoleTemplate, {
      where: { key },
      lock: { mode: 'pessimistic_write' },
    });
    if (!template) throw notFound(key);
    return template;
  }

  private async assertUnused(tx: Tx, key: string): Promise<void> {
    const { rows } = await tx.query<{ assignments: number; rooms: number }>(
      `SELECT (SELECT count(*)::int FROM assignment WHERE template = $1
           AND (valid_until IS NULL OR valid_until > now())) AS assignments,
         (SELECT count(*)::int FROM room WHERE default_template = $1 OR promote_template = $1) AS rooms`,
      [key],
    );
    const { assignments = 0, rooms = 0 } = rows[0] ?? {};
    const seats = await this.seats.countOverrides(tx, key);
    if (assignments + rooms + seats === 0) return;
    throw new AppError(
      'conflict',
      'role_template.in_use',
      `In use by ${assignments} assignments, ${rooms} rooms and ${seats} seats. Move them to another template first.`,
      { extra: { assignments, rooms, seats } },
    );
  }

  private async change(
    actor: Actor,
    key: string,
    ifMatch: string | undefined,
    kind: string,
    work: (tx: Tx, template: RoleTemplate) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    const permission =
      kind === 'template.published' ? 'role_template.publish' : 'role_template.write';
    await this.transactions.run(async (tx) => {
      const template = await this.lock(tx, key);
      if (ifMatch !== undefined) {
        assertMatch(ifMatch, template.revision, (await this.get(actor, key)).view);
      }
      // A template that gives more than they hold is somebody else's to change, to less as well.
      const current = await this.publishedContent(tx, template);
      if (current) this.assertCeiling(actor, permission, current.grants);
      const payload = await work(tx, template);
      template.revision += 1;
      await tx.manager.update(RoleTemplate, { key }, template);
      tx.record({ kind, outcome: 'ok', actor, payload: { template: key, ...payload } });
    });
  }
}

const EMPTY: TemplateContent = { grants: NO_GRANTS, ttl: null, metadata: '', attributes: {} };

/** What they may not hand out, as an error; shared by everything that hands out grants. */
export function beyondCeiling(beyond: string[]): AppError {
  return new AppError(
    'forbidden',
    'access.beyond_ceiling',
    `You may not hand out: ${beyond.join(', ')}. Nobody gives what they do not hold.`,
    { extra: { beyond } },
  );
}

function clearDraft(template: RoleTemplate): void {
  template.draft = null;
  template.draftBasedOn = null;
  template.draftUpdatedAt = null;
  template.draftUpdatedBy = null;
}

function notFound(key: string): AppError {
  return new AppError('not_found', 'role_template.not_found', `There is no role template ${key}.`);
}

function toView(row: TemplateRow, { assignments, live }: Usage) {
  const shown = row.published === null ? (row.draft ?? EMPTY) : (row as unknown as TemplateContent);
  return {
    id: row.key,
    key: row.key,
    name: row.name,
    description: row.description,
    color: row.color,
    isBuiltIn: row.is_built_in,
    isArchived: row.is_archived,
    published: row.published,
    publishedAt: row.published_at,
    grants: shown.grants,
    ttl: shown.ttl,
    metadata: shown.metadata,
    attributes: shown.attributes,
    draft: row.draft && {
      ...row.draft,
      updatedAt: row.draft_updated_at,
      updatedBy: row.draft_updated_by,
      updatedByKind: row.draft_updated_by_kind,
      basedOn: row.draft_based_on,
    },
    assignments: assignments.get(row.key) ?? 0,
    live: [...(live.get(row.key)?.values() ?? [])].reduce((sum, n) => sum + n, 0),
    createdAt: row.created_at,
  };
}

interface VersionRow {
  template: string;
  version: number;
  grants: RoleGrants;
  ttl: number | null;
  metadata: string;
  attributes: Record<string, string>;
  message: string;
  published_at: Date;
  published_by_label: string;
  published_by_kind: ActorKind | null;
}

function toVersionView(row: VersionRow) {
  return {
    template: row.template,
    version: row.version,
    grants: row.grants,
    ttl: row.ttl,
    metadata: row.metadata,
    attributes: row.attributes,
    message: row.message,
    publishedAt: row.published_at,
    publishedBy: row.published_by_label,
    publishedByKind: row.published_by_kind,
  };
}
