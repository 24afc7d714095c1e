import { createHash, hash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../common/printable.js';
import { isDossier, verifyDossier } from '../dossier/verify-dossier.js';
import { toBase64 } from '../tree/bytes.js';
import { parsePolicy } from '../witness/policy.js';
import { findingText } from '../verify/finding.js';
import { linesOf, readExportFile } from './export-file.js';
import { checkExport, type ExportFiles, type ExportReport } from './check-export.js';

const USAGE = `node verify.mjs [FILE]... [--key VERIFIER-KEY]... [--policy FILE]

  Proves an export with nothing but Node 20: the folder that this program is in, or a file that was
  exported over HTTP. Of one that was cut off and continued, give all parts in their order.
  Proves the dossier of a session as well: give its HTML file.
  --key     a verifier key of the log that you have from elsewhere; it and the keys that it signed,
            one after the other, are trusted, and no other
  --policy  a C2SP tlog-policy: its logs, and the witnesses that must have cosigned`;

/** What `verify.mjs` runs. 0: all is proved; 1: it is not; 2: it was called wrongly. */
export async function main(folder: string, given: readonly string[]): Promise<number> {
  const vkeys: string[] = [];
  const files: string[] = [];
  let policy = null;
  for (let i = 0; i < given.length; i++) {
    const option = given[i] as string;
    if (!option.startsWith('--')) {
      files.push(option);
      continue;
    }
    const value = given[++i];
    if (option === '--key' && value !== undefined) vkeys.push(value);
    else if (option === '--policy' && value !== undefined) {
      try {
        policy = parsePolicy(await readFile(value, 'utf8'));
      } catch (error) {
        console.error(printable(`--policy ${value}: ${(error as Error).message}`));
        return 2;
      }
    } else {
      console.error(USAGE);
      return 2;
    }
  }
  const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');
  const [first = ''] = files;
  let source: ExportFiles;
  try {
    if (files.length === 1 && isDossier(await beginningOf(first))) {
      const html = await readFile(first, 'utf8');
      const { lines, isProved } = await verifyDossier(html, sha256, { vkeys, policy });
      for (const line of lines) console.log(printable(line));
      return isProved ? 0 : 1;
    }
    source = files.length > 0 ? await readExportFile(files) : filesOf(folder);
  } catch (error) {
    console.log(printable(`problem: ${(error as Error).message}`));
    console.log('not proved');
    return 1;
  }
  const report = await checkExport(source, sha256, { vkeys, policy });
  // The export may be by anybody: nothing of it may tell the terminal what to do.
  for (const line of describe(report)) console.log(printable(line));
  return report.problems.length === 0 && !report.finding ? 0 : 1;
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function filesOf(folder: string): ExportFiles {
  return {
    read: (path) => readFile(join(folder, path)).catch(() => null),
    lines() {
      const sum = createHash('sha256');
      async function* lines(): AsyncGenerator<string> {
        for await (const { text } of linesOf(join(folder, 'entries.ndjson'))) {
          sum.update(`${text}\n`);
          yield text;
        }
      }
      return { lines: lines(), sum: () => sum.digest('hex') };
    },
  };
}

function describe(report: ExportReport): string[] {
  const { manifest, checkpoint, entries, people, problems, finding } = report;
  const lines: string[] = [];
  if (manifest) {
    const { origin, endLeaf, exportedAt, exportedBy } = manifest;
    lines.push(`log: ${origin}`, `exported ${exportedAt} by ${exportedBy}`);
    lines.push(`entries: ${entries}, of leaves ${report.firstLeaf} to ${endLeaf - 1}`);
    if (manifest.filter) lines.push(`filter: ${JSON.stringify(manifest.filter)}`);
    if (manifest.person !== undefined) {
      lines.push(
        `about one person: ${manifest.person}, with ${manifest.records ?? 0} records beside the log`,
      );
    }
    lines.push(...(manifest.leftOut ?? []).map((what) => `left out: ${what}`));
  }
  if (checkpoint) {
    lines.push(`checkpoint: ${checkpoint.size} entries, root ${toBase64(checkpoint.root)}`);
  }
  if (report.parts > 1) {
    lines.push(`it is made of ${report.parts} parts: the manifest speaks of the last one`);
  }
  if (report.isCosigned) lines.push('cosigned as the policy wants it');
  lines.push(...problems.map((problem) => `problem: ${problem}`));
  if (finding) lines.push(findingText(finding));
  if (finding || problems.length > 0) return [...lines, 'not proved'];
  if (!report.isPinned) {
    lines.push(
      'Note: the key comes from this export. Give --key or --policy with what you have from elsewhere.',
    );
  }
  if (report.forgotten > 0) {
    lines.push(`forgotten by rule, not in this export: ${report.forgotten} entries`);
  }
  lines.push(`people: ${people.proved} parts proved, ${people.absent} erased or left out`);
  lines.push(
    report.isWhole
      ? 'proved: every entry is in the log as it is here, and none of these leaves is left out'
      : 'proved: every entry is in the log as it is here; not proved: that the filter matches no other',
  );
  if (manifest?.records !== undefined) {
    lines.push('the records are those that the log’s key signed; no leaf of the log proves them');
  }
  return lines;
}
