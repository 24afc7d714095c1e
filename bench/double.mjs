// The scriptable LiveKit double in a process of its own: see server/test/support/livekit-double.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { endsWithUs } from './lib.mjs';

const PROCESS = join(import.meta.dirname, '../server/test/support/livekit-double/process.ts');

export function startDouble(options = {}) {
  const child = fork(PROCESS, [JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  endsWithUs(child);
  const waiting = new Map();
  let last = 0;
  const ask = (op, ...args) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.send({ id: last, op, args });
    });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      const error = new Error(`the LiveKit double ended with ${code}`);
      for (const one of waiting.values()) one.reject(error);
      reject(error);
    });
    child.on('message', ({ ready, id, value, error }) => {
      if (ready) {
        const env = {
          LIVEKIT_URL: ready.url,
          LIVEKIT_API_KEY: ready.apiKey,
          LIVEKIT_API_SECRET: ready.apiSecret,
        };
        resolve({ child, env, ask, stop: () => child.kill() });
        return;
      }
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) asked.resolve(value);
      else asked.reject(new Error(error));
    });
  });
}
