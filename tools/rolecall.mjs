#!/usr/bin/env node
/*
 * npm run rolecall -- <command>: the command line, on Node 24, with the settings of the instance
 * that `npm start` runs from this folder unless the variables name another database.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError } from './lib/errors.mjs';
import { openInstance } from './lib/instance.mjs';
import { findNode, refuseOldNode } from './lib/node24.mjs';
import { homeFolder, ROOT } from './lib/paths.mjs';
import { forgetPgVariables } from './lib/pg-variables.mjs';
import { isRunning } from './lib/processes.mjs';
import { databaseSettings, environmentOf, withoutOwner } from './lib/settings.mjs';
import { createSteps } from './lib/steps.mjs';

/** A witness has no database and runs where no Rolecall does. */
const isWitness = process.argv[2] === 'witness';
const CLI = join(ROOT, isWitness ? 'server/dist/witness.js' : 'server/dist/cli.js');

try {
  forgetPgVariables();
  refuseOldNode();
  if (!existsSync(CLI)) {
    throw new PlainError('Rolecall is not built in this checkout yet.', 'npm start does that.');
  }
  const environment = isWitness || namesItsOwn() ? process.env : settingsOfRunning();
  const child = spawn(
    findNode(),
    [
      '--enable-source-maps',
      '--disable-warning=ExperimentalWarning',
      CLI,
      ...process.argv.slice(2),
    ],
    { env: needsOwner() ? environment : withoutOwner(environment), stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
} catch (error) {
  createSteps().fail(error);
  process.exitCode = 1;
}

/** A database, or a Rolecall that runs elsewhere. */
function namesItsOwn() {
  const { DATABASE_URL, ROLECALL_URL } = process.env;
  return Boolean(
    DATABASE_URL || ROLECALL_URL || process.argv.some((arg) => /^--url(=|$)/.test(arg)),
  );
}

/** Erasing changes what nobody else may change. */
function needsOwner() {
  return process.argv.slice(2, 4).join(' ') === 'ledger erase';
}

function settingsOfRunning() {
  const instance = openInstance(homeFolder());
  const { url, postgres, isStopping } = instance.run();
  if (!isRunning(postgres) || isStopping) {
    throw new PlainError(
      `Rolecall does not run with the data in ${instance.home}.`,
      'Start it with npm start, or name its database in DATABASE_URL.',
    );
  }
  const owner = needsOwner() ? databaseSettings(instance.secrets(), instance.ports().postgres) : {};
  return { ...process.env, ...owner, ...environmentOf(instance, process.env), ...addressOf(url) };
}

function addressOf(url) {
  const { hostname, port } = new URL(url);
  return { HOST: hostname, PORT: port, ...(process.env.PUBLIC_URL ? {} : { PUBLIC_URL: url }) };
}
