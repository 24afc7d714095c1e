import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describeProcess, parentOf, type ProcessRecord } from '../../../tools/lib/processes.mjs';

/** The processes that `pid` has started and that still run. */
export function childrenOf(pid: number): ProcessRecord[] {
  const all =
    process.platform === 'linux'
      ? readdirSync('/proc')
      : execFileSync('ps', ['-A', '-o', 'pid=']).toString().split('\n');
  return all
    .map(Number)
    .filter((one) => one > 0 && parentOf(one)?.ppid === pid)
    .map(describeProcess)
    .filter(({ start }) => start !== null);
}
