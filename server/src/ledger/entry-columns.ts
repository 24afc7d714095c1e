import { binaryArray } from '../database/pg-arrays.js';
import {
  canonicalJson,
  quoted,
  sortedKeys,
  storableJson,
  storableText,
} from '../common/canonical-json.js';
import { withinLeaf } from './leaf-limit.js';
import type { LedgerEntryInput } from './ledger-entry.js';
import { personalMembersOf } from './ledger-kinds.js';

/** The arguments of `ledger_append` after shard and epoch: one array for each column. */
export function toColumns(entries: readonly LedgerEntryInput[]): Buffer[] {
  const payloads = entries.map(({ kind, payload }) => withinLeaf(splitPayload(kind, payload)));
  const texts = (of: (entry: LedgerEntryInput) => string | null | undefined): Buffer =>
    binaryArray(
      'text',
      entries.map((entry) => {
        const text = of(entry);
        return text == null ? null : storableText(text);
      }),
    );
  return [
    texts(({ kind }) => kind),
    texts(({ outcome }) => outcome),
    texts(({ actor }) => actor.kind),
    texts(({ actor }) => actor.id),
    texts(({ actor }) => actor.label),
    texts(({ room }) => room),
    texts(({ identity }) => identity),
    texts(({ actor }) => actor.requestId),
    texts(({ actor }) => actor.ip),
    texts(({ reason }) => reason),
    binaryArray(
      'json',
      payloads.map((split) => split.open),
    ),
    binaryArray(
      'json',
      payloads.map((split) => split.personal),
    ),
  ];
}

interface SplitPayload {
  /** What speaks of nobody, as canonical JSON. */
  readonly open: string;
  /** What speaks of a person; null: nothing does. */
  readonly personal: string | null;
}

/** Of a kind that nobody declared, everything counts as personal. */
export function splitPayload(kind: string, payload: Record<string, unknown>): SplitPayload {
  const members = personalMembersOf(kind);
  if (members?.length === 0) return { open: storableJson(payload), personal: null };
  let personal = '';
  let open = '';
  for (const key of sortedKeys(payload)) {
    const value = payload[key];
    if (value === undefined) continue;
    const member = `${quoted(key)}:${canonicalJson(value)}`;
    if (member.includes('\\u')) return splitStorable(payload, members);
    if (members?.includes(key) ?? true) personal += personal === '' ? member : `,${member}`;
    else open += open === '' ? member : `,${member}`;
  }
  return { open: `{${open}}`, personal: personal === '' ? null : `{${personal}}` };
}

/** For a payload with text that has to be changed, which may change the order of keys as well. */
function splitStorable(
  payload: Record<string, unknown>,
  members: readonly string[] | null,
): SplitPayload {
  const all = Object.entries(payload).filter(([, value]) => value !== undefined);
  const isPersonal = ([key]: [string, unknown]): boolean => members?.includes(key) ?? true;
  const personal = all.filter(isPersonal);
  return {
    open: storableJson(Object.fromEntries(all.filter((member) => !isPersonal(member)))),
    personal: personal.length > 0 ? storableJson(Object.fromEntries(personal)) : null,
  };
}
