import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fromPrintableJson } from '../../common/printable.js';
import { rawMember } from '../../common/raw-json.js';
import { checkExport } from '../export/check-export.js';
import { readExportFile } from '../export/export-file.js';
import { fromText, toHex } from '../tree/bytes.js';
import { treeHasher } from '../tree/sha256.js';
import { findingText } from '../verify/finding.js';
import { ArchiveRoot } from './forgotten-note.js';

/** What is in the file of an archive, once everything in it is proved. */
export interface ArchiveContents {
  readonly bytes: number;
  readonly sha256: string;
  readonly root: string;
  readonly leaves: readonly number[];
}

export type ArchiveCheck =
  | { readonly contents: ArchiveContents; readonly problems: readonly [] }
  | { readonly contents: null; readonly problems: readonly string[] };

/**
 * Reads an archive again and proves each of its entries against the checkpoint in it, by keys that are
 * known from elsewhere.
 */
export async function checkArchive(path: string, vkeys: readonly string[]): Promise<ArchiveCheck> {
  try {
    const { bytes, sha256 } = await sumOf(path);
    const files = await readExportFile([path]);
    const report = await checkExport(files, (data) => hash('sha256', data, 'buffer'), {
      vkeys,
      policy: null,
    });
    const problems = [...report.problems];
    if (report.finding) problems.push(findingText(report.finding));
    if (problems.length > 0) return { contents: null, problems };
    const root = new ArchiveRoot(treeHasher);
    const leaves: number[] = [];
    for await (const line of files.lines().lines) {
      const { leaf } = JSON.parse(line) as { leaf: number };
      if (leaf <= (leaves.at(-1) ?? -1)) return failed(`leaf ${leaf} is not in order`);
      leaves.push(leaf);
      root.add(treeHasher.leaf(fromText(fromPrintableJson(rawMember(line, 'entry') ?? ''))));
    }
    return { contents: { bytes, sha256, root: toHex(root.root()), leaves }, problems: [] };
  } catch (error) {
    return failed((error as Error).message);
  }
}

function failed(problem: string): ArchiveCheck {
  return { contents: null, problems: [problem] };
}

/** Of the whole file: every line of it is covered, whatever it is. */
async function sumOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest('hex') };
}
