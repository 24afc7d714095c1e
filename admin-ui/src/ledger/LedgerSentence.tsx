import { Fragment, type ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import type { Issuance, LedgerEntry } from '../api/records';
import { useTemplates } from '../shared/useTemplates';
import { actorText } from '../shared/actorText';
import './messages.en';

type Fields = Record<string, unknown>;

/** Members that sentences about alarms name as they are. */
const NAMED = ['agent', 'role', 'table', 'trigger'];

/** Placeholders that no message contains, so that names can be set in bold and isolated. */
const mark = (name: string) => `\u0001${name}\u0002`;

/** One entry in plain words. Whatever it holds is data: it is never looked up or interpreted. */
export function LedgerSentence({ entry }: { entry: LedgerEntry | Issuance }) {
  const translate = useTranslate();
  const { byKey } = useTemplates();
  const template = templateOf(entry);
  const bulkAction = textOf(entry.payload, 'action');
  const action = translate(`ledger.bulk_action.${bulkAction}`, { _: bulkAction || '…' });
  const values: Record<string, string> = {
    actor:
      actorText(entry.actor?.label || entry.actor?.id || '', entry.actor?.kind, translate) ||
      translate('ledger.somebody'),
    identity: entry.identity || translate(`ledger.${nobodyNamed(entry)}`),
    room: entry.room || translate('ledger.a_room'),
    template: template
      ? `${byKey.get(template.key)?.name ?? template.key}${template.version ? ` v${template.version}` : ''}`
      : '',
    subject: subjectOf(entry.payload),
    action,
    Action: action.charAt(0).toLocaleUpperCase() + action.slice(1),
    because: textOf(entry.payload, 'because') || '…',
    total: numberOf(entry.payload, 'total'),
    attempts: numberOf(entry.payload, 'attempts'),
    times: numberOf(entry.payload, 'times'),
    duration: `${numberOf(entry.payload, 'ms')} ms`,
    source: textOf(entry.payload, 'source').replaceAll('_', ' ') || '…',
    permission: textOf(entry.payload, 'permission') || '…',
    ...Object.fromEntries(NAMED.map((name) => [name, textOf(entry.payload, name) || '…'])),
    changed: listOf(entry.payload, 'changed'),
  };
  const suffix = suffixOf(entry, template !== null);
  const text = translate(`ledger.sentence.${entry.kind}${suffix}`, {
    ...Object.fromEntries(Object.keys(values).map((name) => [name, mark(name)])),
    smart_count: Number(entry.payload?.['total'] ?? 0),
    _: `${mark('actor')}: ${entry.kind}`,
  });
  const parts: ReactNode[] = text.split(/(\u0001\w+\u0002)/).map((part, at) => {
    const name = /^\u0001(\w+)\u0002$/.exec(part)?.[1];
    if (!name) return <Fragment key={at}>{part}</Fragment>;
    return (
      <strong key={at}>
        <bdi translate="no">{values[name]}</bdi>
      </strong>
    );
  });
  return <span>{parts}</span>;
}

function suffixOf(entry: LedgerEntry, hasTemplate: boolean) {
  if (entry.kind === 'token.issued' && !entry.room) return '_no_room';
  if (entry.kind === 'ledger.verified' && entry.payload?.['isProved'] === false) return '_wrong';
  if (entry.kind === 'token.voided') return `_${textOf(entry.payload, 'scope')}`;
  if (entry.kind === 'seat.demoted' && !hasTemplate) return '_no_template';
  // They may not be there at all, so no rights are wanted for them.
  const isOfRights = entry.kind.startsWith('drift.') || entry.kind === 'seat.updated';
  if (isOfRights && entry.payload?.['wanted'] === null) return '_out';
  if (isOfRights && entry.payload?.['isUnexplained'] === true) return '_unexplained';
  if (entry.kind === 'operator.sign_in_refused') return signInSuffix(entry.payload);
  if (typeof entry.payload?.['times'] === 'number') return '_sum';
  if (entry.kind === 'access.refused') return refusedSuffix(entry);
  if (entry.kind === 'bulk.cancelled') return textOf(entry.payload, 'because') && '_because';
  return '';
}

/** Wrong current passwords and sums have sentences of their own. */
function signInSuffix(payload: Fields | null) {
  const via = payload?.['via'] === 'password_change' ? '_password' : '';
  return typeof payload?.['attempts'] === 'number' ? `${via}_sum` : via;
}

function refusedSuffix({ actor, payload }: LedgerEntry) {
  if (actor?.kind === 'participant') return '_participant';
  return payload?.['beyond'] ? '_beyond' : '';
}

/** By name, also of what the room plays now, or played before. */
function subjectOf(payload: Fields | null) {
  const states = [payload, payload?.['scene'], payload?.['after'], payload?.['before']];
  const named = states.filter((state): state is Fields => typeof state === 'object');
  const names = named.map((state) => textOf(state, 'email') || textOf(state, 'name'));
  return names.find((name) => name !== '') ?? '…';
}

function numberOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return typeof value === 'number' ? String(Math.round(value)) : '…';
}

/** An assignment that names nobody is everyone's. */
const nobodyNamed = ({ kind }: LedgerEntry) =>
  kind.startsWith('assignment.') ? 'everyone' : 'somebody';

function listOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return Array.isArray(value) ? value.join(', ') : '…';
}

function textOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return typeof value === 'string' ? value : '';
}

/** The role that the entry is about: of the token, or what a seat has after it. */
export function templateOf(entry: LedgerEntry | Issuance) {
  const payload = entry.payload ?? {};
  const states = [payload, payload['after'], payload['before']] as (Fields | undefined)[];
  const { template: key, version } = states.find((state) => state?.['template']) ?? {};
  if (typeof key !== 'string') return null;
  return { key, version: typeof version === 'number' ? version : null };
}
