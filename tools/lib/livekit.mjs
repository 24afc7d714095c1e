import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PlainError, tail } from './errors.mjs';
import { freeTcpPort, freeUdpPort } from './ports.mjs';
import { describeProcess, endProcess } from './processes.mjs';

export { findLiveKitServer, findOnPath } from './livekit-install.mjs';
export { LIVEKIT_VERSION } from './livekit-release.mjs';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/** What `--version` says, such as `1.13.5`, or null. */
export function liveKitVersion(bin) {
  const { stdout } = spawnSync(bin, ['--version'], { encoding: 'utf8', env: liveKitEnvironment() });
  return /version\s+v?(\S+)/.exec(stdout ?? '')?.[1] ?? null;
}

/**
 * Starts livekit-server on 127.0.0.1 alone: API, signalling and media. Rooms are not made by
 * joining. `dir` keeps its configuration (with the key, so for the owner's eyes only) and its log.
 *
 * `onExit` is called when the server ends without having been asked to; `restart()` then brings it
 * back on the same ports. It keeps everything in memory, so its rooms are gone by then.
 */
export async function startLiveKit({
  bin,
  dir,
  key,
  secret,
  webhookUrl,
  port,
  udpPort,
  emptyTimeout,
  departureTimeout,
  isRemoteUnmuteOn = true,
  logLevel = 'info',
  onSpawn = () => {},
  onExit = () => {},
}) {
  if (Buffer.byteLength(secret) < 32) {
    throw new PlainError(
      'The LiveKit API secret is shorter than 32 characters, which livekit-server does not accept.',
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const configFile = join(dir, 'livekit.yaml');
  const logFile = join(dir, 'livekit.log');
  const ports = { http: await freeTcpPort(port), udp: await freeUdpPort(udpPort) };
  let child = null;
  /** Only the end of a server that was up is news; before that, launch() itself fails. */
  let isWanted = false;

  const handle = {
    ...ports,
    key,
    secret,
    logFile,
    httpUrl: `http://127.0.0.1:${ports.http}`,
    wsUrl: `ws://127.0.0.1:${ports.http}`,
    get pid() {
      return child?.pid ?? null;
    },
    get isRunning() {
      return child !== null;
    },
    /** At once: asked politely it would wait for the last participant to leave. */
    async stop() {
      isWanted = false;
      if (child) await endProcess(describeProcess(child.pid), [['SIGKILL', 5000]]);
    },
    kill9: () => handle.stop(),
    async restart() {
      await handle.stop();
      await launch();
    },
  };
  await launch();
  return handle;

  async function launch() {
    // JSON is YAML, and quotes whatever a key or an address may hold.
    const config = {
      port: ports.http,
      bind_addresses: ['127.0.0.1'],
      keys: { [key]: secret },
      logging: { level: logLevel, json: true },
      rtc: {
        udp_port: ports.udp,
        // Any other value listens on every interface: it has no bind address.
        tcp_port: 0,
        use_external_ip: false,
        node_ip: '127.0.0.1',
        enable_loopback_candidate: true,
        interfaces: { includes: ['lo', 'lo0'] },
        // Without one, clients are told those of Twilio and Google.
        stun_servers: ['127.0.0.1:3478'],
      },
      room: {
        auto_create: false,
        // A hold mutes phones, ingresses, agents and WHIP publishers; its end has to unmute them.
        enable_remote_unmute: isRemoteUnmuteOn,
        ...(emptyTimeout === undefined ? {} : { empty_timeout: emptyTimeout }),
        ...(departureTimeout === undefined ? {} : { departure_timeout: departureTimeout }),
      },
      ...(webhookUrl ? { webhook: { api_key: key, urls: [webhookUrl].flat() } } : {}),
    };
    writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
    const output = openSync(logFile, 'a', 0o600);
    try {
      if (statSync(logFile).size > LOG_LIMIT_BYTES) ftruncateSync(output, 0);
      const started = spawn(bin, ['--config', configFile], {
        cwd: dir,
        env: liveKitEnvironment(),
        stdio: ['ignore', output, output],
        // Its own session: Ctrl-C in the terminal is for whoever started us, who ends it in order.
        detached: true,
      });
      child = started;
      started.once('error', () => {
        if (child === started) child = null;
      });
      started.once('exit', (code, signal) => {
        if (child === started) child = null;
        if (isWanted) onExit({ code, signal });
      });
      onSpawn(started.pid);
    } finally {
      closeSync(output);
    }
    await untilListening(child);
    isWanted = true;
  }

  /** A wrong configuration ends it with exit code 0, so only an answer counts. */
  async function untilListening(started) {
    const deadline = Date.now() + 15_000;
    for (;;) {
      if (child !== started || started.pid === undefined) {
        throw new PlainError(`livekit-server did not start:\n${logTail()}`, `Its log: ${logFile}`);
      }
      try {
        const answer = await fetch(handle.httpUrl, { signal: AbortSignal.timeout(1000) });
        await answer.arrayBuffer();
        if (answer.ok) return;
      } catch {
        // not listening yet
      }
      if (Date.now() > deadline) {
        await handle.stop();
        throw new PlainError(
          `livekit-server does not answer at ${handle.httpUrl}:\n${logTail()}`,
          `Its log: ${logFile}`,
        );
      }
      await delay(20);
    }
  }

  function logTail() {
    try {
      return tail(readFileSync(logFile, 'utf8'), 5);
    } catch {
      return '';
    }
  }
}

/** It takes settings from LIVEKIT_* variables, and ours of that name are not meant for it. */
function liveKitEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(LIVEKIT_|DATABASE_|ROLECALL_|NODE_IP$|REDIS_|UDP_PORT$)/.test(name),
    ),
  );
}
