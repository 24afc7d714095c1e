import type { useTranslate } from 'react-admin';
import type { RoleTemplate, SceneRule } from '../../api/records';

type Translate = ReturnType<typeof useTranslate>;

/** "Unchanged: Host, Agent; everybody else: silent". Those with one fate are named together. */
export function rulesInWords(
  rules: readonly SceneRule[],
  templates: ReadonlyMap<string, RoleTemplate>,
  translate: Translate,
): string {
  const named = (key: string) => templates.get(key)?.name ?? key;
  const whoOf = (from: string) =>
    from === '*' ? translate('room_scenes.everybody_else') : named(from);
  const fates = new Map<string | symbol, string[]>();
  for (const { from, to } of rules) {
    const fate = to === null ? SILENT : to === from ? KEPT : to;
    fates.set(fate, [...(fates.get(fate) ?? []), whoOf(from)]);
  }
  return [...fates]
    .map(([fate, people]) => {
      const who = people.join(', ');
      if (fate === SILENT) return translate('room_scenes.silent_rule', { who });
      if (fate === KEPT) return translate('room_scenes.keep_rule', { who });
      return translate('room_scenes.change_rule', { who, role: named(String(fate)) });
    })
    .join('; ');
}

const SILENT = Symbol('silent');
const KEPT = Symbol('kept');
