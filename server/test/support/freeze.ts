import { readdirSync, readFileSync } from 'node:fs';

const LIMIT_MS = 10_000;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Stops a process, and waits until all of its threads stand still: on a busy machine one that runs may
 * answer a request before the one that was signalled has stopped them.
 */
export function freezeProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const giveUpAt = performance.now() + LIMIT_MS;
  while (!isStopped(pid)) {
    if (performance.now() > giveUpAt) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(nobody, 0, 0, 1);
  }
}

/** By what Linux says of each thread; elsewhere it is not known. */
function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });
}
