import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './errors.mjs';
import { ROOT } from './paths.mjs';

const NEEDED = 24;

/** The Node that runs Rolecall: the one among the packages, else this machine's own from 24. */
export function findNode() {
  const pinned = join(ROOT, 'node_modules', '.bin', 'node');
  if (existsSync(pinned) && majorOf(pinned) >= NEEDED) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= NEEDED) return process.execPath;
  throw new PlainError(
    `Rolecall runs on Node ${NEEDED}. For this machine (${process.platform}-${process.arch}) npm has none that works, and its own is ${process.version}.`,
    `Install Node ${NEEDED} or later, or run "npm ci --include=optional" if optional packages were left out.`,
  );
}

function majorOf(node) {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}

/** Throws when this Node is too old even for the start. */
export function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new PlainError(
    `Rolecall starts on Node 20.19 or later; this is ${process.version}.`,
    'Install a newer Node (the rest, Node 24 included, comes by npm).',
  );
}
