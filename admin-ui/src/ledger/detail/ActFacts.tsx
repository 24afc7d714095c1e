import type { ReactNode } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import type { Act } from '@rolecall/server/api';
import { Mono } from '../../shared/Mono';
import { Facts } from '../../shared/Panel';
import { durationText } from '../../shared/time';
import { TimeText } from '../../shared/TimeText';
import { roomHistoryPath } from '../../shared/historyPaths';
import { delayText } from '../list/Steps';
import type { MatchField } from '../query/language';
import { templateOf } from '../words/sentence';
import { ValueMenu } from './ValueMenu';

export interface ActFactsProps {
  act: Act;
  onFilter: (field: MatchField, value: string, how: 'only' | 'without') => void;
}

/** The rest of what an entry says of itself, for those who look something up. */
export function ActFacts({ act, onFilter }: ActFactsProps) {
  const translate = useTranslate();
  const locale = useLocale();
  const { entry, steps } = act;
  const { payload } = entry;
  const facts: { label: string; value: ReactNode }[] = [];
  const add = (name: string, value: ReactNode) => {
    if (value === null || value === undefined || value === '' || value === false) return;
    facts.push({ label: translate(`ledger.field.${name}`), value });
  };
  const asked = (field: MatchField, value: string | null | undefined, to?: string) =>
    value && (
      <ValueMenu field={field} value={value} onFilter={onFilter} to={to}>
        <Mono>{value}</Mono>
      </ValueMenu>
    );
  const text = (name: string) => (typeof payload[name] === 'string' ? payload[name] : null);
  const last = steps.at(-1);

  add('kind', asked('kind', entry.kind));
  add('room', asked('room', entry.room, entry.room ? roomHistoryPath(entry.room) : undefined));
  const template = templateOf(entry)?.key;
  add(
    'template',
    asked('template', template, template && `/role-templates/${encodeURIComponent(template)}`),
  );
  add('actor', entry.actor?.label && <bdi translate="no">{entry.actor.label}</bdi>);
  add('reason', entry.reason && <bdi>{entry.reason}</bdi>);
  add('ttl', typeof payload['ttl'] === 'number' && durationText(payload['ttl'], locale));
  add('expiresAt', text('expiresAt') && <TimeText at={text('expiresAt')} format="absolute" />);
  add('ms', steps.length > 1 && last && delayText(last.ms, locale));
  add('jti', asked('jti', text('jti')));
  add('tokenHash', asked('hash', text('tokenHash')));
  add('operationId', asked('operationId', act.operationId));
  add('ip', asked('ip', entry.ip));
  add('requestId', asked('requestId', entry.requestId));
  add('seq', <Mono>{`${entry.shard}-${entry.seq}`}</Mono>);
  return <Facts facts={facts} />;
}
