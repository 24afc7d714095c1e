import { type ChildProcess, execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { describe } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { describeLive } from './livekit-server.js';
import { until } from './until.js';

export type ProxyKind = 'nginx' | 'caddy';

/** A reverse proxy of somebody else's, with the configuration that our documentation gives. */
export interface ReverseProxy {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

/** Debian puts nginx where not everybody's PATH looks. */
const environment = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
/** Where the documented nginx.conf has it. */
const SECRET_FILE = '/etc/nginx/rolecall-gate-secret';
const documented = fileURLToPath(new URL('../../../docs/gate/', import.meta.url));

/** A suite that needs the program; reported as skipped, by name, on a machine without it. */
export function describeBehind(kind: ProxyKind, suite: () => void): void {
  const name = `behind ${kind}`;
  if (isInstalled(kind)) {
    describeLive(name, suite);
  } else if (process.env['REQUIRE_LIVEKIT']) {
    throw new Error(`REQUIRE_LIVEKIT is set and there is no ${kind} to test with`);
  } else {
    describe.skip(`${name} (skipped: there is no ${kind})`, suite);
  }
}

export async function startReverseProxy(
  kind: ProxyKind,
  upstreams: { rolecall: number; livekit: number; secret: string },
): Promise<ReverseProxy> {
  const dir = mkdtempSync(join(tmpdir(), `rolecall-${kind}-`));
  const port = await freeTcpPort();
  const place = (text: string) =>
    text
      .replaceAll(SECRET_FILE, join(dir, 'secret'))
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${upstreams.rolecall}`)
      .replaceAll('127.0.0.1:7880', `127.0.0.1:${upstreams.livekit}`)
      .replaceAll('listen 8080', `listen 127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);
  const child = start(kind, dir, place, upstreams.secret);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await ended;
    clearTimeout(timer);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until(`${kind} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`${kind} ended: ${log}`);
      return fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, log: () => log, stop };
}

function start(
  kind: ProxyKind,
  dir: string,
  place: (text: string) => string,
  secret: string,
): ChildProcess {
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  if (kind === 'caddy') {
    const file = join(dir, 'Caddyfile');
    const site = place(readFileSync(join(documented, 'Caddyfile'), 'utf8'));
    // Its port for administration is fixed, and another Caddy may have it.
    writeFileSync(file, `{\n\tadmin off\n}\n${site}`);
    const home = { HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
    const env = { ...environment, ...home, ROLECALL_GATE_SECRET: secret };
    return spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { stdio, env });
  }
  writeFileSync(join(dir, 'secret'), `proxy_set_header X-Rolecall-Gate-Secret "${secret}";\n`);
  writeFileSync(
    join(dir, 'rolecall.conf'),
    place(readFileSync(join(documented, 'nginx.conf'), 'utf8')),
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  const file = join(dir, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${dir}/nginx.pid; error_log stderr;
     events {}
     http { access_log off; ${temporary} include ${dir}/rolecall.conf; }`,
  );
  return spawn('nginx', ['-p', dir, '-c', file, '-e', 'stderr'], { stdio, env: environment });
}

function isInstalled(kind: ProxyKind): boolean {
  try {
    execFileSync(kind, [kind === 'nginx' ? '-v' : 'version'], {
      stdio: 'ignore',
      env: environment,
    });
    return true;
  } catch {
    return false;
  }
}
