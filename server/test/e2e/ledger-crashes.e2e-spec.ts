import { randomBytes, randomInt } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { TreeReader } from '../../src/ledger/sealing/tree-reader.js';
import { checkpointIn } from '../support/ledger-world.js';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.js';
import { type RolecallProcess, startRolecallProcess } from '../support/rolecall-process.js';
import { runCli } from '../support/run-cli.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CYCLES = Number(process.env['ROLECALL_CRASHES'] ?? 10);
const SHIFT = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url));
const DAY_MS = 86_400_000;
const AT_ONCE = 3;

jest.setTimeout(60_000 + CYCLES * 30_000);

interface Issued {
  readonly jti: string;
  readonly leafHash: string;
}

let postgres: OwnPostgres;
let servers: RolecallProcess[];
let key: string;
/** Every token that reached somebody. */
const issued: Issued[] = [];
const notIssued = new Map<number | string, number>();
/** Every checkpoint that somebody saw, by its size. */
const seen = new Map<number, string>();
const forks: string[] = [];

const livekit = {
  // Nothing is there: tokens do not need it.
  url: 'ws://127.0.0.1:9',
  apiKey: 'crash',
  apiSecret: randomBytes(32).toString('hex'),
};
const environment = { ROLECALL_LURKERS: 'off', ROLECALL_RATE_OPERATOR: '100000/1s' };
const start = (env: Record<string, string> = {}) =>
  startRolecallProcess({ livekit, database: postgres.database, env: { ...environment, ...env } });

beforeAll(async () => {
  postgres = await startOwnPostgres();
  const app = await startTestApp({ database: postgres.database });
  const { headers } = await app.newApiKey(['token.issue']);
  key = headers['authorization'] as string;
  await app.newRoom({ name: 'crash', default_template: 'viewer' });
  await app.newUser({ identity: 'ana' });
  await app.stop();
  servers = [await start(), await start()];
});

afterAll(async () => {
  for (const server of servers ?? []) await server.stop();
  await postgres?.stop();
});

it('loses no entry of a token and signs one history, whatever is killed, frozen or set wrong', async () => {
  let isOver = false;
  const clients = Array.from({ length: AT_ONCE }, async (_, i) => {
    for (let n = i; !isOver; n++) {
      const server = servers[n % servers.length] as RolecallProcess;
      await Promise.all([ask(server), look(server)]);
    }
  });
  const faults = Object.entries(FAULTS);
  const told: string[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    // Each of them in turn, then by chance.
    const [name, fault] = faults[cycle < faults.length ? cycle : randomInt(faults.length)] as [
      string,
      () => Promise<void>,
    ];
    told.push(name);
    const before = issued.length;
    await fault();
    await until(`tokens are issued after: ${name}`, () => issued.length > before + 20, 30_000);
  }
  isOver = true;
  await Promise.all(clients);

  const app = await startTestApp({ database: postgres.database });
  try {
    const size = await until(
      'everything is sealed',
      async () => {
        const [row] = await app.sql<{ all: string; sealed: string | null }>(
          `SELECT (SELECT sum(seq) FROM ledger_head) AS all,
             (SELECT max(size) FROM ledger_checkpoint) AS sealed`,
        );
        return row && row.all === row.sealed ? Number(row.sealed) : null;
      },
      30_000,
    );
    const rows = await app.sql<{ jti: string; leaf: string }>(
      `SELECT payload->>'jti' AS jti, encode(leaf_hash, 'hex') AS leaf FROM ledger_entry
       WHERE kind = 'token.issued'`,
    );
    const written = new Map(rows.map(({ jti, leaf }) => [jti, leaf]));
    expect(issued.filter(({ jti, leafHash }) => written.get(jti) !== leafHash)).toEqual([]);

    const tree = app.app.get(TreeReader);
    for (const [at, root] of seen) {
      const found = at > size ? 'no such tree' : hexOf((await tree.edge(at)).root());
      if (found !== root) forks.push(`${at}: ${root} was signed, ${found} is there`);
    }
    expect(forks).toEqual([]);
    const verified = await runCli(app, ['ledger', 'verify']);
    expect([verified.status, verified.out]).toEqual([0, expect.stringMatching(/proved in/)]);
  } finally {
    await app.stop();
  }
  const refused = [...notIssued].map(([why, count]) => `${count} × ${why}`).join(', ');
  console.log(
    `${CYCLES} cycles: ${issued.length} tokens, each with its entry; not issued: ${refused || 'none'}; ` +
      `${seen.size} checkpoints seen, ${forks.length} forks; ${told.join(', ')}`,
  );
});

const FAULTS = {
  'a server is killed': async () => {
    const server = anyServer();
    await server.kill9();
    await server.start();
  },
  'both servers are killed': async () => {
    await Promise.all(servers.map((server) => server.kill9()));
    await Promise.all(servers.map((server) => server.start()));
  },
  'Postgres is killed': async () => {
    await postgres.kill();
    await postgres.start();
  },
  'a server hangs, loses its connections, and wakes up': async () => {
    const server = anyServer();
    server.freeze();
    try {
      // As Postgres does with a client that does not answer: another server can seal now.
      await postgres.asSuperuser(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'rolecall%' AND pid <> pg_backend_pid()`);
      await untilSealed(2);
    } finally {
      server.thaw();
    }
  },
  'Postgres commits slowly, and a server is killed': async () => {
    await postgres.asSuperuser(
      'ALTER SYSTEM SET commit_delay = 100000',
      'ALTER SYSTEM SET commit_siblings = 0',
    );
    await postgres.asSuperuser('SELECT pg_reload_conf()');
    try {
      const server = anyServer();
      await server.kill9();
      await server.start();
    } finally {
      await postgres.asSuperuser(
        'ALTER SYSTEM RESET commit_delay',
        'ALTER SYSTEM RESET commit_siblings',
      );
      await postgres.asSuperuser('SELECT pg_reload_conf()');
    }
  },
  'a server comes whose clock is a day behind': async () => {
    const behind = await start({
      NODE_OPTIONS: `--import ${SHIFT}`,
      TEST_CLOCK_SHIFT_MS: String(-DAY_MS),
    });
    try {
      await Promise.all(Array.from({ length: 20 }, () => ask(behind)));
      await untilSealed(1);
    } finally {
      await behind.stop();
    }
  },
  'the mirror cannot be written, and a server is killed': async () => {
    const tiles = join(postgres.database.home, 'ledger/tile');
    renameSync(tiles, `${tiles}-away`);
    writeFileSync(tiles, 'in the way');
    try {
      const server = anyServer();
      await server.kill9();
      await server.start();
      await untilSealed(1);
    } finally {
      rmSync(tiles);
      renameSync(`${tiles}-away`, tiles);
    }
  },
} satisfies Record<string, () => Promise<void>>;

function anyServer(): RolecallProcess {
  return servers[randomInt(servers.length)] as RolecallProcess;
}

/** Asks for a token, and keeps what came. */
async function ask({ url }: RolecallProcess): Promise<void> {
  try {
    const answer = await fetch(`${url}/api/v1/tokens`, {
      method: 'POST',
      headers: { authorization: key, 'content-type': 'application/json' },
      body: JSON.stringify({ room: 'crash', identity: 'ana' }),
      signal: AbortSignal.timeout(5_000),
    });
    const body = (await answer.json()) as Issued;
    if (answer.status === 201) issued.push({ jti: body.jti, leafHash: body.leafHash });
    else count(answer.status);
  } catch {
    count('no answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function count(why: number | string): void {
  notIssued.set(why, (notIssued.get(why) ?? 0) + 1);
}

/** Keeps the checkpoint that a server shows, as a witness would. */
async function look({ url }: RolecallProcess): Promise<void> {
  const answer = await fetch(`${url}/ledger/checkpoint`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => null);
  const note = await answer?.text().catch(() => null);
  if (!answer?.ok || note == null) return;
  const { size, root } = checkpointIn(note);
  const known = seen.get(size);
  if (known !== undefined && known !== hexOf(root)) forks.push(`two of ${size} entries`);
  seen.set(size, hexOf(root));
}

function untilSealed(times: number): Promise<unknown> {
  const before = seen.size;
  return until('the ledger is sealed', () => seen.size >= before + times, 30_000);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
