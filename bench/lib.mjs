// What benchmarks share: processes that end with us, a load generator, medians.
import { fork, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';

const started = new Set();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts a Node program and resolves when it prints a line that matches `ready`. */
export function startServer(file, env, ready) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.add(child);
    let out = '';
    const listen = (chunk) => {
      if (out === null) return;
      out += chunk;
      if (!ready.test(out)) return;
      out = null;
      resolve(child);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', (chunk) => out !== null && (out += chunk));
    child.on('exit', (code) => {
      started.delete(child);
      if (out !== null) reject(new Error(`${file} ended with ${code}:\n${out}`));
    });
  });
}

export function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });
}

/** Loads in a process of its own. Answers with requests per second and latency in milliseconds. */
export function load(options) {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'load.mjs'), { stdio: 'inherit' });
    started.add(child);
    child.once('message', (result) => {
      started.delete(child);
      child.kill();
      if (result.error) reject(new Error(result.error));
      else resolve(result);
    });
    child.once('error', reject);
    child.send(options);
  });
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function describeMachine() {
  return `Node ${process.version}, ${cpus().length} cores, load generator and Postgres on the same machine`;
}
