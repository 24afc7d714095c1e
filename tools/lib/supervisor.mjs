/*
 * The second half of npm start, on Node 24: builds, starts Postgres, LiveKit and the server, keeps
 * them running, and ends them in order.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { buildIfStale } from './build.mjs';
import { PlainError, tail } from './errors.mjs';
import { openInstance } from './instance.mjs';
import { findLiveKitServer, LIVEKIT_VERSION, liveKitVersion, startLiveKit } from './livekit.mjs';
import { releaseLock, takeLock } from './lock.mjs';
import { parseOptions } from './options.mjs';
import { homeFolder, ROOT, WORKSHOP } from './paths.mjs';
import { tcpPortProblem } from './ports.mjs';
import { databaseSettings, liveKitSettings, withoutOwner } from './settings.mjs';
import { startPostgres } from './postgres.mjs';
import { asWorker, describeProcess, endProcess, endWorkers } from './processes.mjs';
import { createSteps } from './steps.mjs';

const DEFAULT_PORT = 3000;
const FAILURES_LIMIT = 5;
const LONGEST_PAUSE_MS = 5000;
const READY_LIMIT_MS = 60_000;

const steps = createSteps();
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const environment = process.env;
const instance = openInstance(homeFolder());
/** Named in the order of starting. */
const running = { postgres: null, livekit: null, server: null };
let stopping = null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));
process.on('disconnect', () => void stop(0));

try {
  await start(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!stopping) {
    steps.fail(error);
    await stop(1);
  }
}

async function start(options) {
  instance.create();
  await takeOver();
  await step('server', (tell) => built('server', tell));
  await checkSettings();
  const { host, port } = await chooseAddress(options);
  instance.record('url', urlOf(host, port));
  await step('dashboard', (tell) => built('ui', tell));

  const settings = {
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(WORKSHOP, 'compile-cache'),
    ...environment,
    HOST: host,
    PORT: String(port),
    ...(options.isDemo ? { ROLECALL_DEMO: 'on' } : {}),
    ...(await database()),
    ...(await liveKit(host, port)),
  };
  const { notes } = await step('migrations', () => migrate(settings));
  if (notes) steps.say(notes);
  await serve(withoutOwner(settings), host, port);
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

/** The default port gives way to the next free one; a port that someone chose does not. */
async function chooseAddress({ port: asked }) {
  const host = environment.HOST || '127.0.0.1';
  const chosen = asked ?? (environment.PORT ? Number(environment.PORT) : undefined);
  const wanted = chosen || DEFAULT_PORT;
  const problem = await tcpPortProblem(wanted, host);
  if (!problem) return { host, port: wanted };
  if (problem === 'EADDRNOTAVAIL' || problem === 'ENOTFOUND') {
    throw new PlainError(
      `HOST is ${host}, which is no address of this machine.`,
      '127.0.0.1 is for this machine alone, 0.0.0.0 for whoever reaches it.',
    );
  }
  if (chosen) {
    throw new PlainError(
      problem === 'EACCES'
        ? `Port ${wanted} may not be listened on by this user.`
        : `Port ${wanted} on ${host} is already in use.`,
      'Choose another one with: npm start -- --port N',
    );
  }
  for (let port = wanted + 1; port < wanted + 1000; port += 1) {
    if (await tcpPortProblem(port, host)) continue;
    steps.notice(`Port ${wanted} is already in use; taking ${port}`);
    return { host, port };
  }
  throw new PlainError(
    `No port from ${wanted} on is free on ${host}.`,
    'Name one with: npm start -- --port N',
  );
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

async function liveKit(host, port) {
  if (environment.LIVEKIT_URL) {
    await step('LiveKit server', async () => 'the one of LIVEKIT_URL');
    return {};
  }
  let reason = '';
  const { settings } = await step('LiveKit server', async (tell) => {
    const bin = await findLiveKitServer({
      home: instance.home,
      log: (line) => (reason = line),
      onProgress: (progress) => tell(`building ${LIVEKIT_VERSION} with Go: ${progress}`),
    });
    return bin ? startLocalLiveKit(bin, `${urlOf(host, port)}/livekit/webhook`) : { text: '' };
  });
  if (settings) return settings;
  steps.notice(
    `No LiveKit server: ${reason}.\n` +
      'Everything works but live rooms. To have those too, install livekit-server or Go 1.26 and\n' +
      'start again, or set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.',
  );
  return {};
}

async function startLocalLiveKit(bin, webhookUrl) {
  const secrets = instance.secrets();
  const remembered = instance.ports().livekit ?? {};
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = liveKitSettings(
    secrets,
    environment,
  );
  running.livekit = await startLiveKit({
    bin,
    dir: instance.livekitFolder,
    key,
    secret,
    webhookUrl,
    port: remembered.http,
    udpPort: remembered.udp,
    onSpawn: (pid) => instance.record('livekit', pid),
    onExit: (end) => void revive('LiveKit server', 'livekit', end),
  });
  const { http, udp } = running.livekit;
  instance.rememberPorts({ livekit: { http, udp } });
  return {
    text: `${liveKitVersion(bin) ?? ''} on 127.0.0.1:${http}`.trim(),
    settings: liveKitSettings(secrets, environment, http),
  };
}

/** A process of its own, so that the server never has the owner's URL or the admin's password. */
function migrate(settings) {
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
      done({ text: text || 'done', notes: notes.join('\n') });
    });
  });
}

/** Starts the server, and starts it again whenever it ends by itself. */
async function serve(settings, host, port) {
  const url = urlOf(host, port);
  let wasEverReady = false;
  for (let failures = 0; !stopping;) {
    const { end, wasReady } = await runServer(
      wasEverReady ? afterTheFirst(settings) : settings,
      url,
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
async function runServer(settings, url) {
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'server/dist/main.js'),
    ],
    { cwd: ROOT, env: settings, stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  );
  running.server = child;
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

/** As seen from this machine: a server that listens everywhere is reached on loopback. */
function urlOf(host, port) {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? host;
  return `http://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`;
}
