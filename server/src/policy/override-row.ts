import type { Override } from '../grants/policy.js';

/** The columns of a seat's override. */
export interface OverrideRow {
  override_template: string | null;
  override_version: number;
  override_scope: Override['scope'];
  override_until: Date | null;
  override_at: Date;
  override_by: string | null;
  override_by_kind: Override['byKind'];
  override_reason: string | null;
}

export function toOverride(row: OverrideRow): Override | null {
  if (row.override_template === null) return null;
  return {
    template: row.override_template,
    version: row.override_version,
    scope: row.override_scope,
    until: row.override_until,
    at: row.override_at,
    by: row.override_by ?? '',
    byKind: row.override_by_kind,
    reason: row.override_reason,
  };
}
