/*
 * The second half of npm start, on Node 24: builds, starts Postgres, LiveKit and the server, keeps
 * them running, and ends them in order.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chooseAddress, urlOf } from './address.mjs';
import { openBrowser } from './browser.mjs';
import { buildIfStale } from './build.mjs';
import { PlainError } from './errors.mjs';
import { openInstance } from './instance.mjs';
import { prepareLocalLiveKit } from './local-livekit.mjs';
import { releaseLock, takeLock } from './lock.mjs';
import { migrate } from './migrate.mjs';
import { parseOptions } from './options.mjs';
import { homeFolder, ROOT, WORKSHOP } from './paths.mjs';
import { databaseSettings, withoutOwner } from './settings.mjs';
import { startPostgres } from './postgres.mjs';
import { describeProcess, endProcess, endWorkers } from './processes.mjs';
import { outputSettings, showOutput } from './server-output.mjs';
import { createSteps } from './steps.mjs';

const FAILURES_LIMIT = 5;
const LONGEST_PAUSE_MS = 5000;
const READY_LIMIT_MS = 60_000;

const [startedAt, ...argv] = process.argv.slice(2);
const steps = createSteps();
const { screen } = steps;
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const environment = process.env;
const instance = openInstance(homeFolder());
/** Named in the order of starting. */
const running = { postgres: null, livekit: null, server: null };
let stopping = null;
/** Aborted when the end has been asked for. */
const ending = new AbortController();
/** Where the installation of LiveKit is; null: there is none under way. */
let install = null;
/** Resolves when the server is ready for the first time. */
const ready = Promise.withResolvers();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));
process.on('disconnect', () => void stop(0));

try {
  await start(parseOptions(argv));
} catch (error) {
  if (!stopping) {
    steps.fail(error);
    await stop(1);
  }
}

async function start(options) {
  instance.create();
  await takeOver();
  // Postgres needs nothing that is built here. The dashboard is built from parts of the server.
  const server = step('server', (tell) => built('server', tell));
  const begun = {
    server,
    ui: server.then(() => step('dashboard', (tell) => built('ui', tell))),
    database: database(),
  };
  // The first failure ends the start; the others need not be heard of then.
  for (const one of Object.values(begun)) one.catch(() => {});
  await begun.server;
  await checkSettings();
  const { host, port } = await chooseAddress(options, environment, steps.notice);
  const url = urlOf(host, port);
  instance.record('url', url);
  const liveKit = await prepareLiveKit(`${url}/livekit/webhook`);
  const output = outputSettings(screen, options, environment);
  const databaseVariables = await begun.database;

  const settings = {
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(WORKSHOP, 'compile-cache'),
    ...environment,
    HOST: host,
    PORT: String(port),
    ...(options.isDemo ? { ROLECALL_DEMO: 'on' } : {}),
    ...output.settings,
    ...databaseVariables,
    ...liveKit?.settings,
  };
  const [{ notes }] = await Promise.all([
    step('migrations', () => migrate(settings)),
    liveKit && startLiveKit(liveKit),
    begun.ui,
  ]);
  // Shown once, so at once: whatever happens next, it has been on the screen.
  const first = notes ? notes.split('\n') : [];
  if (first.length > 0) screen.pin(['', ...first]);
  void ready.promise.then(() => welcome(options, settings, url));
  await serve(withoutOwner(settings), url, { ...output, first });
}

function welcome(options, settings, url) {
  steps.say(`  Started in ${((Date.now() - Number(startedAt)) / 1000).toFixed(1)} s`);
  if (!options.isOpen) return;
  const address = settings.PUBLIC_URL || url;
  void openBrowser(address).then((isOpened) => {
    if (!isOpened) steps.notice(`There is no program here to open ${address} with`);
  });
}

/** No step begins once the end has been asked for. */
async function step(title, work) {
  if (stopping) throw new Error('stopping');
  const outcome = await steps.run(title, work);
  if (stopping) throw new Error('stopping');
  return outcome;
}

/** Takes the lock, and ends what a predecessor left that was killed. */
async function takeOver() {
  // One that has just been told to end is waited for.
  const deadline = Date.now() + 1500;
  for (let holder = takeLock(instance.files.lock); holder; holder = takeLock(instance.files.lock)) {
    if (Date.now() > deadline && !instance.run().isStopping) {
      throw new PlainError(
        `Rolecall already runs with the data in ${instance.home} (process ${holder.pid}${instance.run().url ? `, ${instance.run().url}` : ''}).`,
        'End that one first, or set ROLECALL_HOME to another folder for a second one.',
      );
    }
    await delay(100);
  }
  if (await instance.endRecorded())
    steps.notice('Ended what a start that was killed had left running');
  instance.record('supervisor', process.pid);
}

/** All that is wrong with the variables, before anything is started because of them. */
async function checkSettings() {
  const { parseConfig } = await import(
    pathToFileURL(join(ROOT, 'server/dist/config/app-config.js')).href
  );
  try {
    parseConfig({
      ...environment,
      DATABASE_URL: environment.DATABASE_URL || 'postgres://localhost',
    });
  } catch (error) {
    throw error.name === 'ConfigError' ? new PlainError(error.message) : error;
  }
}

async function built(name, tell) {
  const isBuilt = await buildIfStale(name, { onStart: () => tell('building'), onProgress: tell });
  return isBuilt ? 'built' : 'up to date';
}

async function database() {
  if (environment.DATABASE_URL) {
    await step('Postgres', async () => 'the one of DATABASE_URL');
    return {};
  }
  const secrets = instance.secrets();
  await step('Postgres', async (tell) => {
    running.postgres = await startPostgres({
      dataDir: instance.postgresData,
      port: instance.ports().postgres,
      passwords: secrets.postgres,
      log: tell,
      logFile: join(instance.logs, 'postgres.log'),
      onSpawn: (pid) => instance.record('postgres', pid),
      onExit: (end) => void revive('Postgres', 'postgres', end),
    });
    instance.rememberPorts({ postgres: running.postgres.port });
    return `on 127.0.0.1:${running.postgres.port}`;
  });
  return databaseSettings(secrets, running.postgres.port);
}

/** Null with a LiveKit server of somebody else's. */
async function prepareLiveKit(webhookUrl) {
  if (environment.LIVEKIT_URL) {
    await step('LiveKit server', async () => 'the one of LIVEKIT_URL');
    return null;
  }
  return prepareLocalLiveKit({
    instance,
    environment,
    webhookUrl,
    onSpawn: (pid) => instance.record('livekit', pid),
    onExit: (end) => void revive('LiveKit server', 'livekit', end),
    onInstall: (news) => {
      install = news;
      tellServer();
    },
  });
}

/** Starts the one at hand. One that has to be installed comes when it comes; nothing waits for it. */
async function startLiveKit(liveKit) {
  const isAtHand = await step('LiveKit server', async () => {
    const started = await liveKit.startAtHand();
    if (!started) return { text: '', isMissing: true };
    running.livekit = started.handle;
    return started;
  });
  if (!isAtHand.isMissing) return;
  void steps
    .run('LiveKit server', async (tell) => {
      const news = setInterval(() => tell(describeInstall()), 250);
      try {
        const started = await liveKit.install({
          whenIdle: () => ready.promise,
          signal: ending.signal,
          onFailure: tellFailure,
        });
        running.livekit = started.handle;
        return started;
      } finally {
        clearInterval(news);
      }
    })
    .catch((error) => {
      if (!stopping) steps.notice(`LiveKit server: ${error.message}`);
    });
}

function describeInstall() {
  if (install?.state !== 'installing') return 'trying again later';
  return `${install.text}${install.percent === null ? '' : ` (${install.percent} %)`}`;
}

function tellFailure({ error, pause, isFirst }) {
  if (!isFirst) return;
  steps.notice(
    `LiveKit could not be installed. Everything works but live rooms.\n` +
      `${error.message}\n${error.hint ? `${error.hint}\n` : ''}` +
      `Trying again in ${Math.round(pause / 1000)} s, and then less and less often.`,
  );
}

/** The dashboard shows how the installation goes. */
function tellServer() {
  if (running.server?.connected) {
    running.server.send({ type: 'rolecall.livekit', install }, () => {});
  }
}

/** Starts the server, and starts it again whenever it ends by itself. */
async function serve(settings, url, output) {
  let wasEverReady = false;
  for (let failures = 0; !stopping;) {
    const { end, wasReady } = await runServer(
      wasEverReady ? afterTheFirst(settings) : settings,
      url,
      output,
    );
    if (stopping) return;
    wasEverReady ||= wasReady;
    const isDatabaseUp = running.postgres?.isRunning ?? true;
    if (!wasEverReady && !end.signal && isDatabaseUp) {
      // It has said what is wrong with its settings, and no second try would change that.
      throw new PlainError('The server ended before it was ready.', 'What it printed says why.');
    }
    failures = wasReady ? 0 : failures + 1;
    if (failures >= FAILURES_LIMIT) {
      throw new PlainError(
        `The server ended ${failures} times in a row before it was ready (${describeEnd(end)}).`,
        'What it printed says why.',
      );
    }
    steps.notice(`The server ended (${describeEnd(end)}); starting it again`);
    await delay(pauseAfter(failures + 1));
  }
}

/** Sample data that were removed meanwhile stay removed, whatever ends the server. */
function afterTheFirst(settings) {
  return settings.ROLECALL_DEMO === 'on' ? { ...settings, ROLECALL_DEMO: 'rejoin' } : settings;
}

/** One life of the server process: how it ended, and whether it had become ready. */
async function runServer(settings, url, { isPiped, first }) {
  const stdio = isPiped ? 'pipe' : 'inherit';
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'server/dist/main.js'),
    ],
    { cwd: ROOT, env: settings, stdio: ['ignore', stdio, stdio, 'ipc'], detached: true },
  );
  running.server = child;
  if (isPiped) showOutput(child, screen, first);
  tellServer();
  if (child.pid) instance.record('server', child.pid);
  const life = { end: null, wasReady: false };
  void watchReadiness(life, url);
  life.end = await new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return life;
}

async function watchReadiness(life, url) {
  const deadline = Date.now() + READY_LIMIT_MS;
  while (!life.end && !stopping) {
    if (await answers(`${url}/readyz`)) {
      life.wasReady = true;
      ready.resolve();
      return;
    }
    if (Date.now() > deadline) {
      steps.notice(
        `The server runs but does not get ready: ${url}/readyz says why.\nLogs of its parts: ${instance.logs}`,
      );
      return;
    }
    await delay(50);
  }
}

/** Brings Postgres or LiveKit back, for as long as it takes. */
async function revive(title, name, end) {
  steps.notice(`${title} ended (${describeEnd(end)}); starting it again`);
  for (let attempt = 1; !stopping; attempt += 1) {
    const since = Date.now();
    try {
      await running[name].restart();
      if (!stopping) steps.notice(`${title} is back after ${Date.now() - since} ms`);
      return;
    } catch (error) {
      if (stopping) return;
      if (attempt === 1) steps.notice(`${title} does not start: ${error.message}\nTrying again`);
      await delay(pauseAfter(attempt));
    }
  }
}

function pauseAfter(failures) {
  return Math.min(LONGEST_PAUSE_MS, 100 * 3 ** (failures - 1));
}

function describeEnd({ code, signal, error }) {
  if (error) return error.message;
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}

/** Ends everything in order; within 10 seconds, whatever does not answer. */
function stop(code) {
  if (stopping) return stopping;
  ending.abort();
  screen.show([]);
  screen.release();
  stopping = (async () => {
    const since = Date.now();
    if (instance.run().supervisor?.pid === process.pid) {
      instance.record('isStopping', true);
      endWorkers();
      if (running.server?.pid) {
        await endProcess(describeProcess(running.server.pid), [
          ['SIGTERM', 4000],
          ['SIGKILL', 1000],
        ]);
      }
      await running.livekit?.stop();
      await running.postgres?.stop({ graceMs: 2500 });
      // What was just being started has a record, but no handle yet.
      await instance.endRecorded();
      if (code === 0)
        steps.say(`Rolecall has stopped (${((Date.now() - since) / 1000).toFixed(1)} s)`);
    }
    releaseLock(instance.files.lock);
    process.exit(code);
  })();
  return stopping;
}

async function answers(address) {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
