// Exports over HTTP: entries a second and the memory of the server, for a quarter and for all of the
// entries. Then tokens a second while entries are sent to a SIEM that takes two seconds for each
// batch, against a server that sends nothing, in turns.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { cpuSeconds, cpuSecondsOfFamily } from '../processes.mjs';
import { describeMachine, load, median, startOwnPostgres, startRolecall, stop } from '../lib.mjs';

const entries = Number(process.env.BENCH_ENTRIES ?? 200_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const seconds = Number(process.env.BENCH_SECONDS ?? 6);
const connections = Number(process.env.BENCH_CONNECTIONS ?? 64);
const SLOW_MS = 2_000;

const livekit = { LIVEKIT_API_KEY: 'bench', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') };
const database = await startOwnPostgres();
const ours = await startRolecall(database, livekit);
const app = new pg.Client({ connectionString: database.appUrl });
await app.connect();

async function append(count) {
  const { rows } = await app.query(
    `SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard('bench')`,
  );
  const { shard, epoch } = rows[0];
  const all = (value) => `ARRAY(SELECT ${value} FROM generate_series(1, $3) n)`;
  const payload = `('{"jti":"' || md5(n::text) || '","text":"' || repeat('x', 240) || '"}')::json`;
  const personal = `('{"because":["default"],"claims":{"sub":"person ' || n || '"}}')::json`;
  await app.query(
    `SELECT ledger_append($1, $2, ${all(`'token.issued'`)}, ${all(`'ok'`)}, ${all(`'api_key'`)},
       ${all(`'3f1c'`)}, ${all(`'bench'`)}, ${all(`'room ' || n`)}, ${all(`'person ' || n`)},
       ${all('md5(n::text)')}, ${all(`'203.0.113.9'`)}, ${all('NULL::text')}, ${all(payload)},
       ${all(personal)})`,
    [shard, epoch, count],
  );
}

async function untilSealed() {
  const { rows } = await app.query('SELECT sum(seq - leaves_after) AS n FROM ledger_head');
  for (;;) {
    const answer = await fetch(`${ours.url}/ledger/checkpoint`);
    if (answer.ok && Number((await answer.text()).split('\n')[1]) >= Number(rows[0].n)) return;
    await delay(100);
  }
}

/** Megabytes of memory of a process. */
function rss(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Processor seconds so far of the server and Postgres. */
const cpuSoFar = () => ({
  node: cpuSeconds([ours.child.pid]),
  postgres: cpuSecondsOfFamily(database.postgres.pid),
});

/** Reads an export to its end, and looks at the server's memory meanwhile. */
async function exportAll(query) {
  const before = rss(ours.child.pid);
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, rss(ours.child.pid))), 20);
  const cpu = cpuSoFar();
  const started = performance.now();
  const answer = await fetch(`${ours.url}/api/v1/ledger/export?${new URLSearchParams(query)}`, {
    headers: { cookie: ours.cookie },
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  let count = 0;
  let last = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  const begin = query.format === 'csv' ? /\n\d+,"/g : /\n\{"leaf":/g;
  for await (const chunk of answer.body) {
    const text = decoder.decode(chunk, { stream: true });
    bytes += chunk.length;
    // What begins at the edge of a chunk is found with the end of the one before.
    count +=
      ((last.slice(-8) + text).match(begin) ?? []).length -
      (last.slice(-8).match(begin) ?? []).length;
    last = (last + text).slice(-4_000);
  }
  clearInterval(timer);
  if (!last.includes('manifest')) throw new Error('the export was cut off');
  const perSecond = count / ((performance.now() - started) / 1_000);
  const after = cpuSoFar();
  const micros = (of) => ((after[of] - cpu[of]) * 1e6) / count;
  return {
    count,
    perSecond,
    before,
    peak,
    megabytes: bytes / 1e6,
    node: micros('node'),
    postgres: micros('postgres'),
  };
}

const { cert, file, key } = (() => {
  const [keyFile, certFile] = ['siem.key', 'siem.crt'].map((name) => join(database.folder, name));
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
      .concat(['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'])
      .concat(['-keyout', keyFile, '-out', certFile]),
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(certFile), file: certFile, key: readFileSync(keyFile) };
})();
let batches = 0;
const siem = createServer({ cert, key }, (request, response) => {
  request.resume();
  request.once('end', () => {
    batches++;
    setTimeout(() => response.writeHead(200).end(), SLOW_MS);
  });
});
await new Promise((resolve) => siem.listen(0, '127.0.0.1', resolve));

try {
  console.log(describeMachine());
  for (let done = 0; done < entries; done += 5_000) await append(Math.min(5_000, entries - done));
  await untilSealed();
  await exportAll({ format: 'ndjson', query: 'room:"room 1"' }); // warm up
  const { rows } = await app.query(
    'SELECT shard, first_seq, first_at FROM ledger_range ORDER BY first_index OFFSET (SELECT count(*) / 4 FROM ledger_range) LIMIT 1',
  );
  const quarter = `before:${rows[0].first_at.toISOString()}`;
  for (const format of ['ndjson', 'csv']) {
    for (const [name, query] of [
      ['a quarter', quarter],
      ['all', ''],
    ]) {
      const runs = [];
      for (let round = 0; round < rounds; round++) runs.push(await exportAll({ format, query }));
      const of = (what) => median(runs.map((run) => run[what]));
      console.log(
        `${format.padEnd(6)} ${name.padEnd(9)} ${of('count')} entries (${of('megabytes').toFixed(0)} MB): ` +
          `${Math.round(of('perSecond'))} entries/s, memory of the server ${of('before').toFixed(0)} MB before, ` +
          `${of('peak').toFixed(0)} MB at most; µs of processor an entry: Node ${of('node').toFixed(0)}, Postgres ${of('postgres').toFixed(0)}`,
      );
    }
  }

  await ours.post('/rooms', { name: 'bench', defaultTemplate: 'viewer' });
  const identities = Array.from({ length: 100 }, (_, i) => `person-${i}`);
  for (const identity of identities) await ours.post('/users', { identity, name: identity });
  const { key: apiKey } = await ours.post('/api-keys', {
    name: 'bench',
    permissions: ['token.issue'],
  });
  const { ROLECALL_ADMIN_PASSWORD } = ours.env;
  const sending = await startRolecall(database, {
    ...livekit,
    ROLECALL_ADMIN_PASSWORD,
    ROLECALL_LEDGER_STREAM_TO: `slow=https://localhost:${siem.address().port}/`,
    ROLECALL_LEDGER_STREAM_CA_FILE: file,
  });
  const bodies = identities.map((identity) => ({ room: 'bench', identity }));
  const results = { without: [], with: [] };
  const servers = { without: ours, with: sending };
  const headers = { authorization: `Bearer ${apiKey}` };
  const issue = (server, length) =>
    load({ url: `${server.url}/api/v1/tokens`, headers, bodies, connections, seconds: length });
  for (const server of Object.values(servers)) await issue(server, 2); // warm up
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of Object.entries(servers)) {
      const result = await issue(server, seconds);
      if (result.wrong > 0) throw new Error(`${name}: ${result.wrong} requests failed`);
      results[name].push(result);
    }
  }
  await stop(sending.child);
  const rate = (name) => Math.round(median(results[name].map((run) => run.perSecond)));
  const ratio = median(results.with.map((run, i) => run.perSecond / results.without[i].perSecond));
  console.log(
    `issuing: ${rate('without')} tokens/s without a stream, ${rate('with')} with one to a slow SIEM ` +
      `(${batches} batches): ÷ ${ratio.toFixed(2)}`,
  );
} finally {
  siem.close();
  siem.closeAllConnections();
  await app.end();
  await stop(ours.child);
  await database.stop();
}
