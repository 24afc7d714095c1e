import { actorText } from '../../shared/actorText';
import type { Act } from '@rolecall/server/api';
import type { LedgerEntry } from '../../api/records';
import { nameOf } from '../../shared/nameOf';

type Fields = Record<string, unknown>;
type Translate = (key: string, options?: Record<string, unknown>) => string;
export type Told = Pick<
  LedgerEntry,
  'kind' | 'outcome' | 'actor' | 'room' | 'identity' | 'payload'
>;

export interface Words {
  translate: Translate;
  /** The name of a template, for its key. */
  templateName: (key: string) => string | undefined;
  /** The current names of the people in the entry. */
  people?: Act['people'];
}

/** A name in a sentence is marked, so that it can be set apart and never interpreted. */
export interface Part {
  text: string;
  name?: string;
}

/** Members that sentences about alarms name as they are. */
const NAMED = ['agent', 'role', 'table', 'trigger'];

/** Placeholders that no message contains. */
const mark = (name: string) => `\u0001${name}\u0002`;

/** How far an act came, as its sentence tells it; what is done has no word of its own. */
const FORMS: Record<string, 'wanted' | 'tried'> = {
  intent: 'wanted',
  pending: 'wanted',
  failed: 'tried',
  superseded: 'tried',
};

/** The keys of the sentence of an entry, the most telling first. */
export function sentenceKeys(entry: Told, hasTemplate: boolean): string[] {
  const { kind, outcome } = entry;
  const suffix = suffixOf(entry, hasTemplate);
  const form = FORMS[outcome];
  const forms = form ? [`ledger.${form}.${kind}${suffix}`, `ledger.${form}.${kind}`] : [];
  return [...forms, `ledger.sentence.${kind}${suffix}`];
}

/** One entry in plain words. Whatever it holds is data: it is never looked up or interpreted. */
export function sentenceOf(entry: Told, words: Words): Part[] {
  const { translate } = words;
  const template = templateOf(entry);
  const values = valuesOf(entry, template, words);
  const options = {
    ...Object.fromEntries(Object.keys(values).map((name) => [name, mark(name)])),
    smart_count: Number(entry.payload?.['total'] ?? 0),
  };
  const said = sentenceKeys(entry, template !== null)
    .map((key) => translate(key, { ...options, _: '' }))
    .find((text) => text !== '');
  const text = said ?? `${mark('actor')}: ${entry.kind}`;
  return text
    .split(/(\u0001\w+\u0002)/)
    .filter((part) => part !== '')
    .map((part) => {
      const name = /^\u0001(\w+)\u0002$/.exec(part)?.[1];
      return name ? { name, text: values[name] ?? '' } : { text: part };
    });
}

function valuesOf(
  entry: Told,
  template: Template | null,
  { translate, templateName, people }: Words,
): Record<string, string> {
  const { payload, identity } = entry;
  const bulkAction = textOf(payload, 'action');
  const action = translate(`ledger.bulk_action.${bulkAction}`, { _: bulkAction || '…' });
  return {
    actor: actorName(entry, translate, people) || translate('ledger.somebody'),
    identity:
      (identity && nameOf({ name: people?.subject?.name, identity })) ||
      translate(`ledger.${nobodyNamed(entry)}`),
    room: entry.room || translate('ledger.a_room'),
    template: template
      ? `${templateName(template.key) ?? template.key}${template.version ? ` v${template.version}` : ''}`
      : '',
    subject: subjectOf(payload),
    action,
    Action: action.charAt(0).toLocaleUpperCase() + action.slice(1),
    because: textOf(payload, 'because') || '…',
    total: numberOf(payload, 'total'),
    attempts: numberOf(payload, 'attempts'),
    entries: numberOf(payload, 'entries'),
    held: heldName(entry, people) || translate('ledger.somebody'),
    times: numberOf(payload, 'times'),
    duration: `${numberOf(payload, 'ms')} ms`,
    source: textOf(payload, 'source').replaceAll('_', ' ') || '…',
    permission: textOf(payload, 'permission') || '…',
    ...Object.fromEntries(NAMED.map((name) => [name, textOf(payload, name) || '…'])),
    changed: listOf(payload, 'changed'),
  };
}

/** What the actor is called; an API key and a participant are told from operators. */
export function actorName(
  { actor }: Pick<Told, 'actor'>,
  translate: Translate,
  people?: Act['people'],
): string {
  const label = actor?.label || actor?.id || '';
  const name = label && nameOf({ name: people?.actor?.name, identity: label });
  return actorText(name, actor?.kind, translate);
}

/** Kinds about files, which may be about one person. */
const FILES: ReadonlySet<string> = new Set([
  'ledger.export_started',
  'ledger.exported',
  'ledger.export_stopped',
]);

function suffixOf(entry: Told, hasTemplate: boolean) {
  const { kind, payload } = entry;
  if (kind === 'token.issued' && !entry.room) return '_no_room';
  if (FILES.has(kind) && payload?.['what'] === 'person') return '_person';
  if (kind === 'ledger.verified' && payload?.['isProved'] === false) return '_wrong';
  if (kind === 'token.voided') return `_${textOf(payload, 'scope')}`;
  if (kind === 'seat.demoted' && !hasTemplate) return '_no_template';
  // They may not be there at all, so no rights are wanted for them.
  const isOfRights = kind.startsWith('drift.') || kind === 'seat.updated';
  if (isOfRights && payload?.['wanted'] === null) return '_out';
  if (isOfRights && payload?.['isUnexplained'] === true) return '_unexplained';
  if (kind === 'operator.sign_in_refused') return signInSuffix(payload);
  if (typeof payload?.['times'] === 'number') return '_sum';
  if (kind === 'access.refused') return refusedSuffix(entry);
  if (kind === 'bulk.cancelled') return textOf(payload, 'because') && '_because';
  return '';
}

/** Wrong current passwords and sums have sentences of their own. */
function signInSuffix(payload: Fields | null) {
  const via = payload?.['via'] === 'password_change' ? '_password' : '';
  return typeof payload?.['attempts'] === 'number' ? `${via}_sum` : via;
}

function refusedSuffix({ actor, payload }: Told) {
  if (actor?.kind === 'participant') return '_participant';
  return payload?.['beyond'] ? '_beyond' : '';
}

/** By name, also of what the room plays now, or played before. */
function subjectOf(payload: Fields | null) {
  const states = [payload, payload?.['scene'], payload?.['after'], payload?.['before']];
  const named = states.filter(
    (state): state is Fields => typeof state === 'object' && state !== null,
  );
  const names = named.map((state) => textOf(state, 'email') || textOf(state, 'name'));
  return names.find((name) => name !== '') ?? '…';
}

function numberOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return typeof value === 'number' ? String(Math.round(value)) : '…';
}

/** What a legal hold is on: a person, a room or an operator. */
function heldName({ room, identity, payload }: Told, people?: Act['people']): string {
  if (identity) return nameOf({ name: people?.subject?.name, identity });
  return room || textOf(payload, 'operator');
}

/** An assignment that names nobody is everyone's. */
const nobodyNamed = ({ kind }: Told) => (kind.startsWith('assignment.') ? 'everyone' : 'somebody');

function listOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return Array.isArray(value) ? value.join(', ') : '…';
}

function textOf(payload: Fields | null, name: string) {
  const value = payload?.[name];
  return typeof value === 'string' ? value : '';
}

export interface Template {
  key: string;
  version: number | null;
}

/** The role that the entry is about: of the token, or what a seat has after it. */
export function templateOf({ payload }: Pick<Told, 'payload'>): Template | null {
  const fields = payload ?? {};
  const states = [fields, fields['after'], fields['before']] as (Fields | undefined)[];
  const { template: key, version } = states.find((state) => state?.['template']) ?? {};
  if (typeof key !== 'string') return null;
  return { key, version: typeof version === 'number' ? version : null };
}
