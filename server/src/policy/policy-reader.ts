import { Injectable } from '@nestjs/common';
import { inKeyOrder } from '../common/canonical-json.js';
import { Batcher } from '../common/batcher.js';
import { PgPool } from '../database/pg-pool.js';
import type { Decision } from '../grants/policy.js';
import { resolve } from '../grants/resolve.js';
import type { TemplateContent } from '../grants/role-grants.js';
import { type FactRow, factsFrom, type PolicyFacts, type PolicyQuery } from './policy-facts.js';
import { READ_FACTS } from './policy-query.js';

interface VersionKey {
  template: string;
  version: number;
}

/** Versions never change, so this many may be kept. */
const MAX_CACHED_VERSIONS = 2_000;

/**
 * Reads everything that bears on a decision, and decides. Nothing that can change is cached:
 * questions that are asked at the same time share one statement instead.
 */
@Injectable()
export class PolicyReader {
  private readonly questions: Batcher<PolicyQuery, PolicyFacts>;
  private readonly versionBatcher: Batcher<VersionKey, TemplateContent>;
  private readonly versions = new Map<string, TemplateContent>();

  constructor(private readonly pg: PgPool) {
    this.questions = new Batcher((batch) => this.readBatch(batch), { concurrency: 2 });
    this.versionBatcher = new Batcher((batch) => this.readVersions(batch));
  }

  /** The facts about one identity in one room, as they are now. */
  read(question: PolicyQuery): Promise<PolicyFacts> {
    return this.questions.load(question);
  }

  /** Reads and decides. The decision is null when Rolecall has no such room. */
  async decide(question: PolicyQuery): Promise<{ facts: PolicyFacts; decision: Decision | null }> {
    return this.decideFrom(await this.read(question));
  }

  /** The same from facts that were read already. */
  decideFrom(
    facts: PolicyFacts,
    at = facts.now,
  ): { facts: PolicyFacts; decision: Decision | null } {
    return { facts, decision: facts.input ? resolve(facts.input, at) : null };
  }

  /** The content of a published version. Throws when there is none: callers have it from a decision. */
  async version(template: string, version: number): Promise<TemplateContent> {
    return (
      this.versions.get(`${template}@${version}`) ?? this.versionBatcher.load({ template, version })
    );
  }

  private async readBatch(batch: PolicyQuery[]): Promise<PolicyFacts[]> {
    const { rows } = await this.pg.queryPlannedOnce<FactRow & object>('policy-read', READ_FACTS, [
      batch.map((q) => q.room),
      batch.map((q) => q.identity),
      [...new Set(batch.map((q) => q.room))].filter((room) => room !== null),
    ]);
    return factsFrom(rows, batch);
  }

  private async readVersions(batch: VersionKey[]): Promise<(TemplateContent | Error)[]> {
    const { rows } = await this.pg.query<TemplateContent & VersionKey>(
      'policy-versions',
      `SELECT v.template, v.version, v.grants, v.ttl, v.metadata, v.attributes
       FROM unnest($1::text[], $2::int[]) AS q(template, version)
       JOIN role_template_version v ON v.template = q.template AND v.version = q.version`,
      [batch.map((k) => k.template), batch.map((k) => k.version)],
    );
    if (this.versions.size > MAX_CACHED_VERSIONS) this.versions.clear();
    for (const { template, version, grants, ttl, metadata, attributes } of rows) {
      this.versions.set(`${template}@${version}`, {
        grants: inKeyOrder(grants), // as each token's entry has them
        ttl,
        metadata,
        attributes,
      });
    }
    return batch.map(
      ({ template, version }) =>
        this.versions.get(`${template}@${version}`) ??
        new Error(`there is no version ${version} of ${template}`),
    );
  }
}
