import type { useTranslate } from 'react-admin';
import type { RoleTemplate, SceneRule } from '../../api/records';

type Translate = ReturnType<typeof useTranslate>;

/** "Unchanged: Host, Agent; everybody else: silent". People with the same rule are named together. */
export function rulesInWords(
  rules: readonly SceneRule[],
  templates: ReadonlyMap<string, RoleTemplate>,
  translate: Translate,
): string {
  const named = (key: string) => templates.get(key)?.name ?? key;
  const whoOf = (from: string) =>
    from === '*' ? translate('room_scenes.everybody_else') : named(from);
  const outcomes = new Map<string | symbol, string[]>();
  for (const { from, to } of rules) {
    const outcome = to === null ? SILENT : to === from ? KEPT : to;
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), whoOf(from)]);
  }
  return [...outcomes]
    .map(([outcome, people]) => {
      const who = people.join(', ');
      if (outcome === SILENT) return translate('room_scenes.silent_rule', { who });
      if (outcome === KEPT) return translate('room_scenes.keep_rule', { who });
      return translate('room_scenes.change_rule', { who, role: named(String(outcome)) });
    })
    .join('; ');
}

const SILENT = Symbol('silent');
const KEPT = Symbol('kept');
