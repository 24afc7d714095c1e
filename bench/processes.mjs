// What processes take, as Linux tells it.
import { readdirSync, readFileSync } from 'node:fs';

const CLOCK_TICKS = 100;

/** Processor seconds so far, of all of them together. */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => {
    const fields = statOf(pid);
    return fields ? sum + (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS : sum;
  }, 0);
}

/** Processor seconds so far of a process and all that it started, also of those that have ended. */
export function cpuSecondsOfFamily(pid) {
  return cpuSeconds(familyOf(pid)) + cpuSecondsOfEnded(pid);
}

/** Processor seconds of what a process started, as far as it has ended. */
export function cpuSecondsOfEnded(pid) {
  const ended = statOf(pid)?.slice(13, 15).map(Number) ?? [0, 0];
  return (ended[0] + ended[1]) / CLOCK_TICKS;
}

/** The process and those that it started. */
export function familyOf(pid) {
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [pid, ...others.filter((other) => Number(statOf(other)?.[1]) === pid)];
}

/** Megabytes of memory in use. */
export function memory(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

/** What follows the name; null for a process that has ended. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return null;
  }
}
