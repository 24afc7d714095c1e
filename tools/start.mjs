#!/usr/bin/env node
/*
 * npm start. This part runs on the machine's own Node and before anything is installed, so it uses
 * nothing but Node: it installs the packages, then hands over to lib/supervisor.mjs on Node 24,
 * in a session of its own. Whatever way this part or npm ends, the supervisor then ends all that
 * it started; and should the supervisor be killed, this part does that for it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PlainError } from './lib/errors.mjs';
import { installIfStale } from './lib/install.mjs';
import { openInstance } from './lib/instance.mjs';
import { findNode, refuseOldNode } from './lib/node24.mjs';
import { watchNpm } from './lib/npm-parent.mjs';
import { HELP, parseOptions } from './lib/options.mjs';
import { homeFolder, ROOT } from './lib/paths.mjs';
import { forgetPgVariables } from './lib/pg-variables.mjs';
import { endWorkers } from './lib/processes.mjs';
import { createSteps } from './lib/steps.mjs';

const startedAt = Date.now();
const steps = createSteps();
// Who reads our output may go before us; that is no reason to leave anything behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let supervisor = null;
let isStopping = false;

function stop(signal) {
  isStopping = true;
  if (supervisor) supervisor.kill(signal);
  else {
    endWorkers();
    process.exit(0);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
watchNpm(() => stop('SIGTERM'));

try {
  forgetPgVariables();
  refuseOldNode();
  const options = parseOptions(process.argv.slice(2));
  if (options.isHelp) {
    steps.say(HELP);
    process.exit(0);
  }
  steps.say('Starting Rolecall');
  await steps.run('packages', installIfStale);
  const node = findNode();
  if (!isStopping) process.exit(await supervise(node));
} catch (error) {
  if (!isStopping) {
    steps.fail(error);
    process.exit(1);
  }
}

async function supervise(node) {
  supervisor = spawn(
    node,
    [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'tools/lib/supervisor.mjs'),
      String(startedAt),
      ...process.argv.slice(2),
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    },
  );
  const { code, signal } = await new Promise((resolve) => {
    supervisor.once('error', () => resolve({ code: 1 }));
    supervisor.once('exit', (exitCode, by) => resolve({ code: exitCode, signal: by }));
  });
  if (!signal) return code ?? 1;
  await openInstance(homeFolder()).endRecorded();
  steps.fail(
    new PlainError(
      `Rolecall's own supervisor was killed (${signal}); everything that it had started was ended.`,
      'npm start brings all of it back; nothing that was saved is lost.',
    ),
  );
  return 1;
}
