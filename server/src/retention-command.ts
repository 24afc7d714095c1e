import type { INestApplicationContext } from '@nestjs/common';
import type { Actor } from './actor/actor.js';
import { printable } from './common/printable.js';
import { ArchivesService } from './ledger/retention/archives.service.js';
import { DuePreview, type Preview } from './ledger/retention/due-preview.js';
import { Retention } from './ledger/retention/retention.js';

/** 0 when every archive is proved and there, else 1. */
export async function verifyArchives(
  app: INestApplicationContext,
  actor: Actor,
  folder: string,
): Promise<number> {
  const reports = await app.get(ArchivesService).verifyFolder(actor, folder);
  for (const { file, entries, problems } of reports) {
    const result = problems.length === 0 ? `${entries} entries, proved` : problems.join('; ');
    console.log(printable(`${file}: ${result}`));
  }
  const wrong = reports.filter(({ problems }) => problems.length > 0).length;
  console.log(
    wrong === 0
      ? `${reports.length} archives, all proved`
      : `not proved: ${wrong} of ${reports.length}`,
  );
  return wrong === 0 ? 0 : 1;
}

/** 0 when all that is due is gone from the database, or was told. */
export async function retain(
  app: INestApplicationContext,
  actor: Actor,
  isDry: boolean,
): Promise<number> {
  if (isDry) {
    const preview = await app.get(DuePreview).preview(actor, {}, Infinity);
    for (const line of describe(preview)) console.log(printable(line));
    return 0;
  }
  const { archives, entries } = await app.get(Retention).runNow(actor);
  console.log(`${entries} entries went into ${archives} archives`);
  return 0;
}

function describe(preview: Preview): string[] {
  const { entries, from, to, rooms, moreRooms, rules, held } = preview;
  const lines = [`${entries} entries would go`];
  if (from && to) lines.push(`from ${from.toISOString()} to ${to.toISOString()}`);
  for (const { rule, entries: count } of rules) lines.push(`by rule ${rule}: ${count}`);
  for (const { room, entries: count } of rooms) lines.push(`${room ?? '(no room)'}: ${count}`);
  if (moreRooms > 0) lines.push(`and ${moreRooms} other rooms`);
  if (held > 0) lines.push(`kept by a legal hold: ${held}`);
  return lines;
}
