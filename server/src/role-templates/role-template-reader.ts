import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import type { Page } from '../common/http/lists.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import { collated, containsText, searchPattern } from '../database/text-search.js';
import { compileGrant } from '../grants/compile-grant.js';
import { describeGrants } from '../grants/describe.js';
import { diffVersions } from '../grants/diff.js';
import { lintGrants } from '../grants/lint.js';
import type { ActorKind } from '../grants/policy.js';
import { NO_GRANTS, type RoleGrants, type TemplateContent } from '../grants/role-grants.js';
import { type TemplateUsage, TemplateUsageReader } from '../policy/template-usage.js';
import type { DiffQuery, ListTemplatesQuery, PreviewBody } from './role-templates.schemas.js';

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

const COLUMNS = 't.*, v.grants, v.ttl, v.metadata, v.attributes, v.published_at';

const FROM = `role_template t
  LEFT JOIN role_template_version v ON v.template = t.key AND v.version = t.published`;

const SORT_COLUMNS: Record<string, string> = {
  key: collated('t.key'),
  id: collated('t.key'),
  name: collated('t.name'),
  published: 't.published',
  createdAt: 't.created_at',
};

export const EMPTY_CONTENT: TemplateContent = {
  grants: NO_GRANTS,
  ttl: null,
  metadata: '',
  attributes: {},
};

export type TemplateView = ReturnType<typeof toView>;

/** Shows role templates: their versions, what these differ in, and who would get what. */
@Injectable()
export class RoleTemplateReader {
  constructor(
    private readonly pg: PgPool,
    private readonly usage: TemplateUsageReader,
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
      where: `($1::text IS NULL OR ${containsText('$1', ['t.key', 't.name', 't.description'])})
        AND ($2::boolean IS NULL OR t.is_archived = $2)
        AND ($3::text[] IS NULL OR t.key = ANY($3))`,
      sortColumns: SORT_COLUMNS,
      key: 't.key',
      values: [
        searchPattern(filter.q),
        filter.isArchived ?? null,
        filter.key ? [filter.key] : (filter.id ?? null),
      ],
      range,
    });
    const usage = await this.usage.read(
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
    if (!row) throw templateNotFound(key);
    return { view: toView(row, await this.usage.read(actor, [key])), revision: row.revision };
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

  /** The rules, rooms and people that publishing would affect, of those that the reader may see. */
  async impact(actor: Actor, key: string) {
    const { view } = await this.get(actor, key);
    const { live } = await this.usage.read(actor, [key]);
    const rooms = [...(live.get(key) ?? [])]
      .map(([room, live]) => ({ room, live }))
      .sort((a, b) => b.live - a.live)
      .slice(0, 100);
    return {
      assignments: view.assignments,
      live: view.live,
      rooms,
      defaultIn: await this.usage.listDefaultIn(actor, key),
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
      lint: lintGrants(content, { ttlMaxSeconds: this.config.tokenTtlMax }),
    };
  }

  /** A template whose first version, or draft, was made by `label`; null for another or none. */
  async findMadeBy(
    label: string,
    key: string,
  ): Promise<{ isPublished: boolean; isArchived: boolean } | null> {
    const { rows } = await this.pg.query<{ isPublished: boolean; isArchived: boolean }>(
      'template-made-by',
      `SELECT t.published IS NOT NULL AS "isPublished", t.is_archived AS "isArchived"
       FROM role_template t
       LEFT JOIN role_template_version v ON v.template = t.key AND v.version = 1
       WHERE t.key = $1 AND coalesce(v.published_by_label, t.draft_updated_by) = $2`,
      [key, label],
    );
    return rows[0] ?? null;
  }

  private async content(
    actor: Actor,
    key: string,
    which: 'draft' | number,
  ): Promise<TemplateContent> {
    if (which !== 'draft') return this.version(key, which);
    const { view } = await this.get(actor, key);
    if (view.draft) return view.draft;
    if (view.published === null) return EMPTY_CONTENT;
    return this.version(key, view.published);
  }
}

export function templateNotFound(key: string): AppError {
  return new AppError('not_found', 'role_template.not_found', `There is no role template ${key}.`);
}

function toView(row: TemplateRow, { assignments, live }: TemplateUsage) {
  const shown =
    row.published === null ? (row.draft ?? EMPTY_CONTENT) : (row as unknown as TemplateContent);
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
