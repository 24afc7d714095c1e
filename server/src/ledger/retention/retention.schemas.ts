import { z } from 'zod';
import { cleanText, instant, nameText, patternText, reasonText } from '../../common/http/fields.js';
import { isKindGroup, KIND_GROUPS, type KindGroup } from '../kind-groups.js';
import { LEDGER_KINDS, type LedgerKind } from '../ledger-kinds.js';
import { RETENTION_STATES } from './retention.js';

/** What says that something was forgotten, erased or held is kept for ever; Postgres says so as well. */
export const KEPT_FOR_EVER: readonly string[] = [
  'ledger.erased',
  'ledger.forgotten',
  'ledger.hold_lifted',
  'ledger.hold_placed',
  'ledger.key_rotated',
  'ledger.rule_added',
  'ledger.rule_changed',
  'ledger.rule_removed',
  'policy.changed_directly',
];
export const SHORTEST_DAYS = 7;
const LONGEST_DAYS = 36_500;

const groups = Object.keys(KIND_GROUPS) as [KindGroup, ...KindGroup[]];

export const ruleBody = z
  .strictObject({
    group: z
      .string()
      .refine(isKindGroup, { message: `must be one of ${groups.join(', ')}` })
      .optional()
      .describe('A group of kinds, such as `tokens`. Left out, and `kinds` too: every kind.'),
    kinds: z
      .array(
        z.string().refine((kind) => Object.hasOwn(LEDGER_KINDS, kind), {
          message: 'must be a kind of the ledger',
        }),
      )
      .min(1)
      .max(200)
      .optional()
      .describe('Kinds by name, instead of a group.'),
    rooms: patternText
      .nullish()
      .describe('A room name; `*` means any run of characters. Left out: everything.'),
    keepDays: z
      .int()
      .min(SHORTEST_DAYS)
      .max(LONGEST_DAYS)
      .describe(`For how many days entries are kept: ${SHORTEST_DAYS} to ${LONGEST_DAYS}.`),
    reason: reasonText.optional(),
  })
  .refine(({ group, kinds }) => group === undefined || kinds === undefined, {
    path: ['kinds'],
    message: 'must be left out where a group is given',
  })
  .refine(
    (body) => {
      // That there is no such group has been said already.
      if (body.group !== undefined && !isKindGroup(body.group)) return true;
      return kindsOf(body)?.some((kind) => !KEPT_FOR_EVER.includes(kind)) ?? true;
    },
    {
      path: ['kinds'],
      message: `has only kinds that are kept for ever: ${KEPT_FOR_EVER.join(', ')}`,
    },
  );
export type RuleBody = z.output<typeof ruleBody>;

/** Null: every kind. */
export function kindsOf({
  group,
  kinds,
}: {
  readonly group?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
}): readonly string[] | null {
  if (group !== undefined) return [...(KIND_GROUPS[group as KindGroup] as readonly LedgerKind[])];
  return kinds === undefined ? null : [...new Set(kinds)].sort();
}

const ruleShape = {
  id: z.uuid().describe('The id of the rule.'),
  group: z.string().nullable().describe('The group of kinds that was asked for; null: none.'),
  kinds: z.array(z.string()).nullable().describe('The kinds it is about; null: every kind.'),
  rooms: z.string().nullable().describe('The room or pattern it is about; null: everything.'),
  keepDays: z.int().describe('For how many days it keeps entries.'),
};

export const ruleResponse = z.object({
  ...ruleShape,
  reason: z.string().nullable().describe('Why; null: nobody said.'),
  by: z.string().describe('Who set it.'),
  at: z.date().describe('When. ISO 8601.'),
  actsAt: z
    .date()
    .describe('From when on entries may go: a day after the last change of a rule. ISO 8601.'),
});
export type RuleView = z.infer<typeof ruleResponse>;

export const retentionResponse = z.object({
  status: z
    .object({
      state: z.enum(RETENTION_STATES).describe('What the server that answers does.'),
      folder: z.string().nullable().describe('Where archives go; null: nothing leaves.'),
      detail: z.string().nullable().describe('Why nothing happens, or what failed; null: nothing.'),
      lastRunAt: z.date().nullable().describe('When it last looked at everything. ISO 8601.'),
      nextRunAt: z.date().nullable().describe('When it looks again. ISO 8601.'),
      waiting: z.int().describe('Archives whose entries are still in the database.'),
      archives: z.int().describe('All archives.'),
      forgotten: z.int().describe('Entries that are in archives only.'),
      activeHolds: z.int().describe('Legal holds in force.'),
    })
    .describe('How it gets on.'),
  rules: z.array(ruleResponse).describe('Rules in force, the longest first.'),
});

export const previewBody = z.strictObject({
  rule: ruleBody.optional().describe('A rule to try; nothing is changed.'),
  instead: z.uuid().optional().describe('The rule that it takes the place of.'),
});
export type PreviewBody = z.output<typeof previewBody>;

export const previewResponse = z.object({
  entries: z.int().describe('Entries that would go.'),
  from: z.date().nullable().describe('The oldest one. ISO 8601.'),
  to: z.date().nullable().describe('The newest one. ISO 8601.'),
  rooms: z
    .array(
      z.object({
        room: z.string().nullable().describe('The room; null: about no room.'),
        entries: z.int().describe('How many.'),
      }),
    )
    .describe('The 50 rooms with the most of them.'),
  moreRooms: z.int().describe('How many other rooms have some.'),
  rules: z
    .array(
      z.object({
        rule: z.uuid().nullable().describe('The rule that decides; null: the one that is tried.'),
        entries: z.int().describe('How many.'),
      }),
    )
    .describe('By which rule they would go.'),
  held: z.int().describe('Entries that would go, and are kept by a legal hold.'),
  isComplete: z.boolean().describe('False: the log is long, and only its beginning was counted.'),
  countedUntil: z.date().nullable().describe('Up to where it was; null: everything. ISO 8601.'),
});

export const HELD = ['person', 'room', 'operator'] as const;

export const holdBody = z
  .strictObject({
    on: z.enum(HELD).describe('What is held.'),
    name: nameText.describe('An identity, the name of a room, or the id of an operator.'),
    reason: reasonText.min(1, { message: 'must not be empty' }),
    from: instant.optional().describe('Entries not before this instant. Left out: all.'),
    to: instant.optional().describe('Entries before this instant. Left out: also those to come.'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || +from < +to, {
    path: ['to'],
    message: 'must be after from',
  });
export type HoldBody = z.output<typeof holdBody>;

export const liftBody = z.strictObject({
  reason: reasonText.min(1, { message: 'must not be empty' }),
});

export type LiftBody = z.output<typeof liftBody>;

export const holdsQuery = z.strictObject({
  state: z.enum(['active', 'lifted']).optional().describe('Left out: both.'),
});

export type HoldsQuery = z.output<typeof holdsQuery>;

export const holdResponse = z.object({
  id: z.uuid().describe('The id of the hold.'),
  on: z.enum(HELD).describe('What is held.'),
  name: z.string().nullable().describe('Who or what; null: erased after it was lifted.'),
  label: z.string().nullable().describe('What to show in place of the id of an operator.'),
  reason: z.string().describe('Why.'),
  from: z.date().nullable().describe('Entries not before this instant; null: no bound. ISO 8601.'),
  to: z.date().nullable().describe('Entries before this instant; null: no bound. ISO 8601.'),
  placedAt: z.date().describe('When. ISO 8601.'),
  placedBy: z.string().describe('Who placed it.'),
  liftedAt: z.date().nullable().describe('When it was lifted; null: it is in force. ISO 8601.'),
  liftedBy: z.string().nullable().describe('Who lifted it.'),
  liftReason: z.string().nullable().describe('Why.'),
});
export type HoldView = z.infer<typeof holdResponse>;
export const holdsResponse = z.object({
  data: z.array(holdResponse).describe('Holds in force first, then the newest; 500 at most.'),
});

export const archivesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many.'),
  cursor: cleanText(200).optional().describe('`nextCursor` of the page before.'),
});
export type ArchivesQuery = z.output<typeof archivesQuery>;

export const archiveResponse = z.object({
  id: z.uuid().describe('The id of the archive.'),
  state: z
    .enum(['writing', 'archived', 'forgotten'])
    .describe('Its file is written; it is whole; its entries are in it alone.'),
  rule: z.object(ruleShape).describe('The rule, as it was then.'),
  entries: z.int().describe('How many entries are in it.'),
  from: z.date().describe('The oldest one. ISO 8601.'),
  to: z.date().describe('The newest one. ISO 8601.'),
  firstLeaf: z.int().describe('Its leaves are not before this one.'),
  endLeaf: z.int().describe('Its leaves are before this one.'),
  file: z.string().describe('The name of its file.'),
  bytes: z.int().nullable().describe('How long the file is; null: not known yet.'),
  sha256: z.string().nullable().describe('The SHA-256 of the whole file, in hex.'),
  root: z.string().nullable().describe('The RFC 6962 root over its leaves, in hex.'),
  startedAt: z.date().describe('When it was begun. ISO 8601.'),
  archivedAt: z.date().nullable().describe('When its file was proved. ISO 8601.'),
  forgottenAt: z.date().nullable().describe('When its entries left the database. ISO 8601.'),
  entry: z.string().nullable().describe('The id of the entry that says so.'),
});
export type ArchiveView = z.infer<typeof archiveResponse>;
export const archivesResponse = z.object({
  data: z.array(archiveResponse).describe('Archives, newest first.'),
  nextCursor: z.string().nullable().describe('For the next page; null: there is none.'),
});
export const archiveWithNote = archiveResponse.extend({
  note: z.string().nullable().describe('What the log’s key has signed of it.'),
});
export const forgottenNotesResponse = z.object({
  data: z.array(z.string()).describe('Signed notes, in the order of their leaves.'),
});
export const archiveCheckResponse = z.object({
  isProved: z.boolean().describe('Whether the file is what was signed, and each entry is proved.'),
  problems: z.array(z.string()).describe('What is wrong; none: nothing.'),
  entries: z.int().describe('How many entries it is about.'),
  file: z.string().describe('The name of the file.'),
});
