import { useMemo } from 'react';
import { useTranslate } from 'react-admin';
import type { LedgerArchive, RetentionRule } from '@rolecall/server/api';
import '../ledger/words/log/messages.en';
import '../ledger/words/messages.en';

type Rule = Pick<RetentionRule, 'group' | 'kinds' | 'rooms' | 'keepDays'> | LedgerArchive['rule'];

/** What rules say, in words. */
export function useRuleWords() {
  const translate = useTranslate();
  return useMemo(() => {
    const group = (name: string) => translate(`ledger.group.${name}`, { _: name });
    const kinds = (names: readonly string[]) =>
      names.length <= 3
        ? names.map((kind) => translate(`ledger.what.${kind}`, { _: kind })).join(', ')
        : translate('retention.rules.chosen_kinds', { smart_count: names.length });
    const about = (rule: Rule): string => {
      const what =
        rule.group !== null
          ? group(rule.group)
          : rule.kinds === null
            ? translate('retention.rules.everything')
            : kinds(rule.kinds);
      return rule.rooms === null
        ? what
        : `${what} ${translate('retention.rules.in_rooms')} ${rule.rooms}`;
    };
    const sentence = (rule: Rule) =>
      `${about(rule)}: ${translate('retention.rules.keep', {
        smart_count: rule.keepDays,
        days: rule.keepDays.toLocaleString(),
      })}`;
    return { group, kinds, about, sentence };
  }, [translate]);
}
