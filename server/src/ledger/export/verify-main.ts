import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../common/printable.js';
import { toBase64 } from '../tree/bytes.js';
import { parsePolicy } from '../witness/policy.js';
import { findingText } from '../verify/finding.js';
import { checkExport, type ExportFiles, type ExportReport } from './check-export.js';

const USAGE = `node verify.mjs [--key VERIFIER-KEY]... [--policy FILE]

  Proves this export with nothing but Node 20.
  --key     a verifier key of the log that you have from elsewhere; it and the keys that it signed,
            one after the other, are trusted, and no other
  --policy  a C2SP tlog-policy: its logs, and the witnesses that must have cosigned`;

/** What `verify.mjs` runs. 0: all is proved; 1: it is not; 2: it was called wrongly. */
export async function main(folder: string, given: readonly string[]): Promise<number> {
  const vkeys: string[] = [];
  let policy = null;
  for (let i = 0; i < given.length; i += 2) {
    const value = given[i + 1];
    if (given[i] === '--key' && value !== undefined) vkeys.push(value);
    else if (given[i] === '--policy' && value !== undefined) {
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
  const report = await checkExport(filesOf(folder), sha256, { vkeys, policy });
  // The export may be by anybody: nothing of it may tell the terminal what to do.
  for (const line of describe(report)) console.log(printable(line));
  return report.problems.length === 0 && !report.finding ? 0 : 1;
}

function filesOf(folder: string): ExportFiles {
  return {
    read: (path) => readFile(join(folder, path)).catch(() => null),
    lines() {
      const sum = createHash('sha256');
      const input = createReadStream(join(folder, 'entries.ndjson'));
      return {
        lines: linesOf(input, (chunk) => sum.update(chunk)),
        sum: () => sum.digest('hex'),
      };
    },
  };
}

/** By line feeds alone: Node's readline also ends lines at U+2028 and U+2029, which text may hold. */
async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let begun: string[] = [];
  for await (const chunk of input) {
    onChunk(chunk);
    const [end = '', ...next] = decoder.decode(chunk, { stream: true }).split('\n');
    begun.push(end);
    for (const line of next) {
      yield begun.join('');
      begun = [line];
    }
  }
  const last = begun.join('');
  if (last !== '') yield last;
}

function describe(report: ExportReport): string[] {
  const { manifest, checkpoint, entries, parts, problems, finding } = report;
  const lines: string[] = [];
  if (manifest) {
    const { origin, firstLeaf, endLeaf, exportedAt, exportedBy } = manifest;
    lines.push(`log: ${origin}`, `exported ${exportedAt} by ${exportedBy}`);
    lines.push(`entries: ${entries}, of leaves ${firstLeaf} to ${endLeaf - 1}`);
    if (manifest.filter) lines.push(`filter: ${JSON.stringify(manifest.filter)}`);
  }
  if (checkpoint) {
    lines.push(`checkpoint: ${checkpoint.size} entries, root ${toBase64(checkpoint.root)}`);
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
  lines.push(`people: ${parts.proved} parts proved, ${parts.absent} erased or left out`);
  lines.push(
    manifest?.isWhole
      ? 'proved: every entry is in the log as it is here, and none of these leaves is left out'
      : 'proved: every entry is in the log as it is here; not proved: that the filter matches no other',
  );
  return lines;
}
