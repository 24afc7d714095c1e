import type { AnomalyRow } from '@rolecall/server/api';
import { actorText } from '../../shared/actorText';
import { nameOf } from '../../shared/nameOf';
import { durationText } from '../../shared/time';

type Translate = (key: string, options?: Record<string, unknown>) => string;
export type FoundName = 'actor' | 'subject' | 'room' | 'role';
export interface FoundPart {
  text: string;
  /** What it names, which leads to its page. */
  name?: FoundName;
}

export interface FoundWords {
  translate: Translate;
  locale: string;
  templateName: (key: string) => string | undefined;
}

/** Placeholders that no message contains. */
const mark = (name: string) => `\u0001${name}\u0002`;

/** A row of what was found, in plain words; what it names is set apart and never interpreted. */
export function foundSentence(name: string, row: AnomalyRow, words: FoundWords): FoundPart[] {
  const { translate } = words;
  const values = valuesOf(row, words);
  const key = `ledger.anomaly_said.${name}`;
  const options = {
    ...Object.fromEntries(Object.keys(values).map((each) => [each, mark(each)])),
    smart_count: row.count,
    _: '',
  };
  const said = translate(`${key}_${formOf(name, row)}`, options) || translate(key, options);
  // A view that this page does not know yet.
  if (said === '') return [{ text: row.text }];
  return said
    .split(/(\u0001\w+\u0002)/)
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^\u0001(\w+)\u0002$/.exec(part)?.[1];
      if (found === undefined) return { text: part };
      const text = values[found] ?? '';
      return isName(found) ? { text, name: found } : { text };
    });
}

const isName = (name: string): name is FoundName =>
  ['actor', 'subject', 'room', 'role'].includes(name);

/** Of views whose rows say different things. */
function formOf(name: string, { parts, room, identity }: AnomalyRow): string {
  switch (name) {
    case 'issued-outside-usual':
      return parts.outside ?? 'hours';
    case 'more-than-used':
      return parts.used?.length ? 'used' : 'unused';
    case 'repeated-refusals':
      return `${identity === null ? 'actor' : 'subject'}${room === null ? '_no_room' : ''}`;
    default:
      return '';
  }
}

function valuesOf(row: AnomalyRow, { translate, locale, templateName }: FoundWords) {
  const { people, role, room, parts, count } = row;
  const what = (kind: string) => translate(`ledger.what.${kind}`, { _: kind });
  const list = (texts: readonly string[] = []) => new Intl.ListFormat(locale).format(texts);
  const somebody = translate('ledger.somebody');
  return {
    actor: actorText(shownName(people.actor), people.actor?.kind, translate) || somebody,
    subject: shownName(people.subject) || somebody,
    room: room ?? translate('ledger.anomaly_said.any_room'),
    role: role?.name ?? translate('ledger.anomaly_said.a_role'),
    addresses: list(parts.addresses),
    lasted: durationText(Math.max(1, parts.seconds ?? 0), locale),
    then: what(parts.then ?? ''),
    used: list(parts.used?.map((key) => templateName(key) ?? key)),
    what: parts.kind ? what(parts.kind) : '',
    code: parts.code ? ` (${parts.code})` : '',
    kinds: list(parts.kinds?.map(what)),
    count: count.toLocaleString(locale),
  } as Record<string, string>;
}

type Person = AnomalyRow['people']['subject'];

const shownName = (person: Person) =>
  person ? nameOf({ name: person.name, identity: person.identity ?? person.name }) : '';
