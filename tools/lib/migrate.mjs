import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PlainError, tail } from './errors.mjs';
import { ROOT } from './paths.mjs';
import { asWorker } from './processes.mjs';

/** A process of its own, so that the server never has the owner's URL or the admin's password. */
export function migrate(settings) {
  return new Promise((done, fail) => {
    const child = asWorker(
      spawn(process.execPath, [join(ROOT, 'server/dist/migrate.js')], {
        cwd: ROOT,
        env: settings,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    );
    let told = '';
    let output = '';
    child.stdout.on('data', (chunk) => (told += chunk));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (output += chunk));
    }
    child.once('error', fail);
    child.once('close', (code) => {
      if (code !== 0) {
        fail(new PlainError(tail(output, 30) || 'The database could not be migrated.'));
        return;
      }
      const [text, ...notes] = told.trim().split('\n');
      done({ text: shorten(text) || 'done', notes: notes.join('\n') });
    });
  });
}

/** The names of all migrations would fill the screen at the first start. */
function shorten(text) {
  const names = /^Migrated: (.*)$/.exec(text)?.[1].split(', ') ?? [];
  return names.length > 3 ? `${names.length} migrations, up to ${names.at(-1)}` : text;
}
