// Processes that take part in a benchmark and do what they are asked over IPC, so that what is measured
// does not share a thread with them. They end with us: each of them exits when its channel closes.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';

const NICENESS = 10;

/** Real participants (LiveKit's native SDK), up to 40. */
export function startPeople() {
  return startWorker(
    join(import.meta.dirname, '../../server/test/support/participants-process.ts'),
  );
}

/** Lets everybody else go first: it takes only processor time that nobody else wants. */
export function makeHumble({ child }) {
  setPriority(child.pid, NICENESS);
  try {
    // Linux shares the processor between sessions first, and its own is what a worker has.
    writeFileSync(`/proc/${child.pid}/autogroup`, String(NICENESS));
  } catch {
    // sessions are not told apart here
  }
}

/** `ask` sends a request and resolves with what the process answers to it. */
export function startWorker(file, args = []) {
  const child = fork(file, args, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  });
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process has ended'));
  });
  return {
    child,
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = last++;
        waiting.set(id, { resolve, reject });
        child.send({ id, request });
      }),
  };
}

/** The other end: `operations` by name, each with the request that asks for it. */
export function serve(operations) {
  process.on('message', ({ id, request }) => {
    Promise.resolve()
      .then(() => operations[request.op](request))
      .then(
        (value) => process.send({ id, value }),
        (error) => process.send({ id, error: String(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}
