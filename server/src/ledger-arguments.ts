import { readFile } from 'node:fs/promises';
import { fieldError } from './common/errors/app-error.js';
import type { ChallengeBody } from './audit/challenge.schemas.js';
import type { ExportRequest } from './ledger/export/ledger-exporter.js';
import type { Erasure } from './ledger/ledger-eraser.js';
import { parseArguments } from './parse-arguments.js';

export const LEDGER_OPTIONS = {
  since: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  filter: { type: 'string' },
  n: { type: 'string' },
  'without-people': { type: 'boolean' },
  operator: { type: 'string' },
  session: { type: 'string' },
  for: { type: 'string' },
  before: { type: 'string' },
  archive: { type: 'string' },
  'dry-run': { type: 'boolean' },
} as const;

export const LEDGER_USAGE = `  ledger verify [--since FILE]   proves every entry against the signed tree, the mirror and the witnesses,
                                 or those after a checkpoint that you kept; exits with 1 when it cannot
  ledger verify --archive FOLDER proves the archives of what rules let go, and that none is missing
  ledger retain [--dry-run]      archives what rules let go, and takes it out of the database; --dry-run
                                 says what that would be, and changes nothing
  ledger export [--from TIME] [--to TIME] [--filter JSON] [--without-people] DIR
                                 writes entries with their proofs into a new folder; node DIR/verify.mjs
                                 proves them on any machine. Times are ISO 8601 with an offset
  ledger dossier --room ROOM [--session ID] [--for IDENTITY] FILE
                                 writes one session of a room, the newest unless you name one, as a page
                                 that opens without a network and verifies itself; --for leaves out
                                 everybody but one participant
  ledger person --identity ID FILE
                                 writes all that is kept of one person, for their request to see it;
                                 other people are left out, and the verifier of exports proves it
  ledger challenge --n N [--from TIME] [--to TIME]
                                 decides N random entries again from policy as it was; exits with 1 when
                                 one deviates and the log does not say why`;

/** What `parseArgs` gives. */
type Given = Record<string, string | boolean | string[] | undefined>;

const textOf = (value: Given[string]) => (typeof value === 'string' ? value : undefined);

/** The checkpoint of `--since`; null: none is given. */
export async function readNote(since: Given[string]): Promise<string | null> {
  const path = textOf(since);
  if (path === undefined) return null;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fieldError('--since', `cannot be read: ${(error as Error).message}`);
  }
}

export async function readExport(folder: string, given: Given): Promise<ExportRequest> {
  const [{ z }, { instant }, { ledgerQuery }] = await Promise.all([
    import('zod'),
    import('./common/http/fields.js'),
    import('./ledger/ledger.schemas.js'),
  ]);
  const times = z.object({ from: instant.optional(), to: instant.optional() });
  const { from, to } = await parseArguments(times, {
    from: textOf(given.from),
    to: textOf(given.to),
  });
  const filter = textOf(given.filter);
  const query = filter === undefined ? null : await parseArguments(ledgerQuery, { filter });
  return {
    folder,
    from: from ? new Date(from) : null,
    to: to ? new Date(to) : null,
    filter: query && query.filter,
    hasPeople: given['without-people'] !== true,
  };
}

export interface DossierArguments {
  readonly file: string;
  readonly room: string;
  readonly session: string | null;
  readonly for: string | null;
}

export async function readDossier(file: string, given: Given): Promise<DossierArguments> {
  const [{ z }, { nameText }, { dossierQuery }] = await Promise.all([
    import('zod'),
    import('./common/http/fields.js'),
    import('./audit/dossier/dossier.schemas.js'),
  ]);
  const fields = dossierQuery.extend({ room: nameText, session: z.string().max(60).optional() });
  const {
    room,
    session = null,
    for: whom = null,
  } = await parseArguments(fields, {
    room: textOf(given.room),
    session: textOf(given.session),
    for: textOf(given.for),
  });
  return { file, room, session, for: whom };
}

export interface PersonArguments {
  readonly file: string;
  readonly identity: string;
}

export async function readPerson(file: string, given: Given): Promise<PersonArguments> {
  const { personParams } = await import('./audit/timelines/timelines.schemas.js');
  const { identity } = await parseArguments(personParams, { identity: textOf(given.identity) });
  return { file, identity };
}

export async function readChallenge({ n, from, to }: Given): Promise<ChallengeBody> {
  const { challengeBody } = await import('./audit/challenge.schemas.js');
  return parseArguments(challengeBody, { n: Number(n ?? 20), from, to });
}

export function readErasure({ identity, operator, before }: Given): Erasure {
  if ((identity === undefined) === (operator === undefined)) {
    throw fieldError('--identity', 'or --operator is required, and only one of them');
  }
  const of = identity === undefined ? 'operator' : 'identity';
  const id = of === 'operator' ? operator : identity;
  const at = before === undefined ? null : new Date(String(before));
  if (at && Number.isNaN(at.getTime())) {
    throw fieldError('--before', 'must be a date like 2026-01-31 or 2026-01-31T12:00:00Z');
  }
  return { of, id: String(id), before: at };
}
