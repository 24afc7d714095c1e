import { useTranslate } from 'react-admin';
import type { Scope } from '../api/records';
import { Mono } from '../shared/Mono';
import './messages.en';

export function ScopeText({ scope }: { scope: Scope }) {
  const translate = useTranslate();
  if ('all' in scope) return <span>{translate('assignments.scope.all_label')}</span>;
  return <Mono>{'room' in scope ? scope.room : scope.pattern}</Mono>;
}
