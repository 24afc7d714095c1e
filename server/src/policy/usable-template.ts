import { fieldError } from '../common/errors/app-error.js';
import type { TemplateState } from '../grants/policy.js';

/** The published version of a template that people can be given. Throws 400 naming `field` for another. */
export function usableVersion(
  templates: Readonly<Record<string, TemplateState>>,
  key: string,
  field: string,
): number {
  const state = templates[key];
  if (!state) throw fieldError(field, 'no role template has this key');
  if (state.isArchived) throw fieldError(field, 'this role template is archived');
  if (state.published === null) throw fieldError(field, 'has no published version');
  return state.published;
}
