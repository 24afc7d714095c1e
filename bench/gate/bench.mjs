// npm run bench -- gate: what Rolecall's gate adds to a connect. The same tokens, to the same rooms of
// one real LiveKit server: straight to it, through a proxy that decides nothing, and through the gate,
// in turns. Then the decision alone, as another proxy asks for it (forward auth).
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freeTcpPort } from '../../tools/lib/ports.mjs';
import {
  describeMachine,
  median,
  percentile,
  startRolecallWithLiveKit,
  startServer,
  stop,
} from '../lib.mjs';
import { connect } from './connect.mjs';

const rounds = Number(process.env.BENCH_ROUNDS ?? 6);
const perRound = Number(process.env.BENCH_CONNECTS ?? 100);
const AT_ONCE = 16;
const ROOMS = 20;
const PEOPLE = 200;
const TARGET_MS = 5;
const SETTLE_MS = 40;

const stack = await startRolecallWithLiveKit({ ROLECALL_RATE_OPERATOR: '100000/1s' });
if (!stack) process.exit(0);
const { rolecall, livekit } = stack;
const proxy = await startProxy();
const ways = {
  direct: livekit.wsUrl,
  proxy: proxy.url,
  gate: rolecall.url.replace('http', 'ws'),
};
const tokens = await issueTokens();
let next = 0;

console.log(`${describeMachine()}; a real LiveKit server, signalling only
${rounds} rounds of ${perRound} connects each way, in turns, the first round not counted

connects, ms              direct p50   p95    bare proxy p50   p95    gate p50   p95    gate - direct  gate ÷ direct`);
for (const atOnce of [1, AT_ONCE]) {
  const times = await measure(atOnce);
  const line = Object.values(times)
    .map((all) => `${ms(median(all)).padStart(12)} ${ms(percentile(all, 0.95)).padStart(6)}`)
    .join('   ');
  const [direct, gate] = [median(times.direct), median(times.gate)];
  const name = atOnce === 1 ? 'one at a time' : `${atOnce} at once`;
  console.log(
    `${name.padEnd(22)}${line}   ${ms(gate - direct).padStart(12)} ${(gate / direct).toFixed(2).padStart(12)}`,
  );
  if (atOnce === 1) {
    const isReached = gate - direct <= TARGET_MS;
    console.log(
      `  added at the median: ${ms(gate - direct)} ms, target ≤ ${TARGET_MS} ms: ${isReached ? 'reached' : 'NOT reached'}`,
    );
  }
}
const entries = await countAdmissions();
const admitted = 2 * rounds * perRound;
console.log(`admissions: ${admitted}; their ledger entries: ${entries}`);
await stop(proxy.child);
await stack.stop();
process.exit(entries === admitted ? 0 : 1);

async function measure(atOnce) {
  const times = { direct: [], proxy: [], gate: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of Object.entries(ways)) {
      const taken = await connectMany(url, atOnce);
      if (round > 0) times[name].push(...taken);
    }
  }
  return times;
}

async function connectMany(url, atOnce) {
  const times = [];
  let left = perRound;
  const worker = async () => {
    while (left-- > 0) {
      times.push(await connect(url, tokens[next++ % tokens.length]));
      // What the last one set off (webhooks, their entries) is not the next one's to wait for.
      if (atOnce === 1) await delay(SETTLE_MS);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return times;
}

async function issueTokens() {
  for (let i = 0; i < ROOMS; i++) {
    await rolecall.post('/rooms', { name: `room-${i}`, defaultTemplate: 'viewer' });
  }
  const issued = [];
  for (let i = 0; i < PEOPLE; i++) {
    const { token } = await rolecall.post('/tokens', {
      room: `room-${i % ROOMS}`,
      identity: `person-${i}`,
      createUser: true,
      ttl: '1h',
    });
    issued.push(token);
  }
  return issued;
}

async function countAdmissions() {
  const client = new pg.Client({ connectionString: stack.database.ownerUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT count(*)::int AS entries FROM ledger_entry WHERE kind = 'gate.admitted'`,
  );
  await client.end();
  return rows[0].entries;
}

async function startProxy() {
  const port = await freeTcpPort();
  const child = await startServer(
    join(import.meta.dirname, 'bare-proxy.mjs'),
    { PORT: String(port), BENCH_TARGET: livekit.httpUrl },
    /ready/,
  );
  return { child, url: `ws://127.0.0.1:${port}` };
}

function ms(number) {
  return number.toFixed(1);
}
