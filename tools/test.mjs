#!/usr/bin/env node
/*
 * npm test. As with npm start, this part runs on the machine's own Node before anything is
 * installed; lib/test-run.mjs does the rest on Node 24.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installIfStale } from './lib/install.mjs';
import { findNode, refuseOldNode } from './lib/node24.mjs';
import { ROOT } from './lib/paths.mjs';
import { forgetPgVariables } from './lib/pg-variables.mjs';
import { endWorkers } from './lib/processes.mjs';
import { createSteps } from './lib/steps.mjs';

const steps = createSteps();
let run = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endWorkers();
    if (run) run.kill(signal);
    else process.exit(1);
  });
}

try {
  forgetPgVariables();
  refuseOldNode();
  await steps.run('packages', installIfStale);
  const args = ['--disable-warning=ExperimentalWarning', join(ROOT, 'tools/lib/test-run.mjs')];
  run = spawn(findNode(), [...args, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => {
    run.once('error', () => resolve(1));
    run.once('exit', (code) => resolve(code ?? 1));
  });
} catch (error) {
  steps.fail(error);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}
