import type { useTranslate } from 'react-admin';
import type { RoleTemplate, SceneRule } from '../../providers/records';

type Translate = ReturnType<typeof useTranslate>;

/** "Host stays Host; everybody else silent". */
export function rulesInWords(
  rules: readonly SceneRule[],
  templates: ReadonlyMap<string, RoleTemplate>,
  translate: Translate,
): string {
  const named = (key: string) => templates.get(key)?.name ?? key;
  return rules
    .map(({ from, to }) => {
      const who = from === '*' ? translate('room_scenes.everybody_else') : named(from);
      if (to === null) return translate('room_scenes.silent_rule', { who });
      return to === from
        ? translate('room_scenes.keep_rule', { who })
        : translate('room_scenes.change_rule', { who, role: named(to) });
    })
    .join('; ');
}
