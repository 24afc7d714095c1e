import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const isLinux = process.platform === 'linux';
/** As `nice` has it: a tenth of the share of a process of normal priority. */
const LOW_PRIORITY = 10;

/**
 * What tells a process from a later one that was given the same number, or null when there is
 * none. A zombie counts as gone: it holds nothing any more.
 */
export function processStart(pid) {
  try {
    if (!isLinux) {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: 'pipe' })
        .toString()
        .trim();
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold anything; count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${bootId()}/${fields[19]}`;
  } catch {
    return null;
  }
}

let boot;
function bootId() {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

/** `{ pid, start }`, to be kept in a file and given to `isRunning` by a later process. */
export function describeProcess(pid) {
  return { pid, start: processStart(pid) };
}

export function isRunning(record) {
  return Boolean(record?.pid && record.start && processStart(record.pid) === record.start);
}

export function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Stops a process until it gets SIGCONT, and returns when all its threads stand still: one of them takes
 * the signal and tells the others, which go on until then, on a busy machine for a while.
 */
export function freezeProcess(pid) {
  process.kill(pid, 'SIGSTOP');
  const giveUpAt = Date.now() + 10_000;
  while (!isStopped(pid)) {
    if (Date.now() > giveUpAt) throw new Error(`process ${pid} does not stop`);
  }
}

function isStopped(pid) {
  if (!isLinux) {
    const state = execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { stdio: 'pipe' });
    return state.toString().startsWith('T');
  }
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return stat.startsWith('T', stat.lastIndexOf(')') + 2);
    });
  } catch {
    return false; // a thread has ended meanwhile
  }
}

/** Sends each signal of `steps` (`[signal, milliseconds to wait]`) until the process has ended. */
export async function endProcess(record, steps) {
  for (const [signal, ms] of steps) {
    if (!isRunning(record)) return true;
    signalProcess(record.pid, signal);
    const deadline = Date.now() + ms;
    while (isRunning(record) && Date.now() < deadline) await delay(20);
  }
  return !isRunning(record);
}

/** The processes whose working directory is `folder`; Linux only, elsewhere none is found. */
export function processesIn(folder) {
  if (!isLinux) return [];
  const found = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/cwd`) === folder) {
        const record = describeProcess(Number(entry));
        if (record.start) found.push(record);
      }
    } catch {
      // ended meanwhile, or another user's
    }
  }
  return found;
}

/** `{ ppid, command }` of a process, or null. */
export function parentOf(pid) {
  try {
    if (!isLinux) {
      const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], {
        stdio: 'pipe',
      })
        .toString()
        .trim();
      const [, ppid, command] = /^(\d+)\s+(.*)$/s.exec(line) ?? [];
      return ppid ? { ppid: Number(ppid), command } : null;
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return {
      ppid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
    };
  } catch {
    return null;
  }
}

const workers = new Set();

/**
 * Remembers a short-lived child (an install, a build) that was started `detached`, so that
 * `endWorkers` can end it with everything that it started itself. Should this process be killed
 * meanwhile, `endAbandoned(note)` does that later.
 */
export function asWorker(child, note) {
  workers.add(child);
  if (note && child.pid) writeFileSync(note, JSON.stringify(describeProcess(child.pid)));
  child.once('close', () => {
    workers.delete(child);
    if (note) rmSync(note, { force: true });
  });
  return child;
}

export function endWorkers() {
  for (const child of workers) if (child.pid) signalProcess(-child.pid, 'SIGKILL');
}

/** Ends the worker that `note` tells of, when whoever started it was killed. */
export async function endAbandoned(note) {
  let record;
  try {
    record = JSON.parse(readFileSync(note, 'utf8'));
  } catch {
    return;
  }
  while (isRunning(record)) {
    signalProcess(-record.pid, 'SIGKILL');
    await delay(20);
  }
  rmSync(note, { force: true });
}

/**
 * The process, and what it starts from now on, takes what others leave of the processor. Linux weighs
 * whole sessions against each other (autogroup), and by the priority of a process only within one.
 */
export function yieldToOthers(pid) {
  try {
    setPriority(pid, LOW_PRIORITY);
    if (isLinux) writeFileSync(`/proc/${pid}/autogroup`, String(LOW_PRIORITY));
  } catch {
    // Not on this system, or it did not start: nothing changes.
  }
}
