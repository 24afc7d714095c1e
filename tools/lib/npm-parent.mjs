import { describeProcess, isRunning, parentOf } from './processes.mjs';

const EVERY_MS = 400;

/**
 * Calls `onGone` once when the npm that started this process has ended without telling it: killed,
 * or ended with only the shell in between told. That may have happened before this process had
 * begun. Not started by npm: never.
 */
export function watchNpm(onGone) {
  const { npm_lifecycle_event: script, npm_config_user_agent: agent = '' } = process.env;
  if (!script || !agent.startsWith('npm/')) return;
  const parent = process.ppid;
  const npm = findNpm();
  const timer = setInterval(() => {
    if (npm && process.ppid === parent && isRunning(npm)) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS);
  timer.unref();
}

/** npm runs a script directly or through a shell. */
function findNpm() {
  let pid = process.ppid;
  for (let level = 0; level < 3 && pid > 1; level += 1) {
    const parent = parentOf(pid);
    if (!parent) return null;
    if (/\bnpm\b/.test(parent.command)) return describeProcess(pid);
    pid = parent.ppid;
  }
  return null;
}
