import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { beyondCeiling } from '../common/errors/refusals.js';
import { assertMatch, refuseReadOnly } from '../common/http/etag.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { diffVersions } from '../grants/diff.js';
import { lintGrants } from '../grants/lint.js';
import type { RoleGrants, TemplateContent } from '../grants/role-grants.js';
import { Hints } from '../hints/hints.js';
import { Transactions, type Tx } from '../ledger/transactions.js';
import { TemplateUsageReader } from '../policy/template-usage.js';
import { RoleTemplate, RoleTemplateVersion } from './role-template.entity.js';
import { EMPTY_CONTENT, RoleTemplateReader, templateNotFound } from './role-template-reader.js';
import type {
  CreateTemplateBody,
  DraftBody,
  UpdateTemplateBody,
} from './role-templates.schemas.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';

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

/** Changes role templates: drafts, versions, archiving. Nobody gives what they do not hold (rule 5). */
@Injectable()
export class RoleTemplatesService {
  constructor(
    private readonly reader: RoleTemplateReader,
    private readonly transactions: Transactions,
    private readonly usage: TemplateUsageReader,
    private readonly hints: Hints,
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

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
    const current = await this.reader.get(actor, key);
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
      const base = template.draft ?? (await this.publishedContent(tx, template)) ?? EMPTY_CONTENT;
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
      const hints = (await this.usage.liveRooms(key)).map((room) => ({
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
        difference: diffVersions(before ?? EMPTY_CONTENT, draft).map((sentence) => sentence.text),
        // Published all the same: the log says what was doubtful, and who decided.
        findings: lintGrants(draft, { ttlMaxSeconds: this.config.tokenTtlMax })
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

  private assertCeiling(
    actor: Actor,
    permission: 'role_template.write' | 'role_template.publish',
    grants: RoleGrants,
  ): void {
    const beyond = actor.exceeding(permission, grants);
    if (beyond.length > 0) throw beyondCeiling(beyond);
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
    if (!template) throw templateNotFound(key);
    return template;
  }

  private async assertUnused(tx: Tx, key: string): Promise<void> {
    const { assignments, rooms, seats } = await this.usage.countReferences(tx, key);
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
    kind: Extract<LedgerKind, `template.${string}`>,
    work: (tx: Tx, template: RoleTemplate) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    const permission =
      kind === 'template.published' ? 'role_template.publish' : 'role_template.write';
    await this.transactions.run(async (tx) => {
      const template = await this.lock(tx, key);
      if (ifMatch !== undefined) {
        assertMatch(ifMatch, template.revision, (await this.reader.get(actor, key)).view);
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

function clearDraft(template: RoleTemplate): void {
  template.draft = null;
  template.draftBasedOn = null;
  template.draftUpdatedAt = null;
  template.draftUpdatedBy = null;
}
