// Many clients of the event stream in one process. Its parent sends { open: { url, keys, perKey } },
// and later { report: true }; it answers each.
//
// Every client counts for itself which states of which seat it was shown. What one is sent the others
// are sent as well, so each text is parsed once.
import http from 'node:http';

const LONGEST_MS = 20_000;
const clients = [];
/** Milliseconds from the change until a client was shown it → how often. */
let delays = new Uint32Array(LONGEST_MS);
const parsed = new Map();

function open(url, key) {
  return new Promise((resolve, reject) => {
    const client = { shown: new Set(), isOpen: false };
    const headers = { authorization: `Bearer ${key}` };
    const request = http.get(url, { headers, agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        const now = Date.now();
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          if (block.includes('event: hello')) {
            client.isOpen = true;
            resolve(client);
          } else if (block.includes('event: seats')) take(client, block, now);
        }
      });
      response.on('close', () => (client.isOpen = false));
    });
    request.on('error', reject);
    clients.push(client);
  });
}

function take(client, block, now) {
  for (const [state, at] of statesIn(block)) {
    if (client.shown.has(state)) continue;
    client.shown.add(state);
    delays[Math.max(0, Math.min(LONGEST_MS - 1, now - at))] += 1;
  }
}

function statesIn(block) {
  let states = parsed.get(block);
  if (states) return states;
  const { seats } = JSON.parse(block.slice(block.indexOf('data: ') + 6));
  states = seats.map((seat) => [`${seat.identity}@${seat.epoch}`, Date.parse(seat.block?.at)]);
  if (parsed.size > 100) parsed.clear();
  parsed.set(block, states);
  return states;
}

/** Of all that were to be shown, how often a client was not shown it. */
function report(expected) {
  let missing = 0;
  for (const { shown } of clients) {
    for (const state of expected) if (!shown.has(state)) missing += 1;
  }
  const total = delays.reduce((sum, count) => sum + count, 0);
  return {
    open: clients.filter(({ isOpen }) => isOpen).length,
    missing,
    deliveries: total,
    p50: percentile(total, 0.5),
    p99: percentile(total, 0.99),
    most: percentile(total, 1),
  };
}

function percentile(total, share) {
  let left = Math.ceil(total * share);
  for (let ms = 0; ms < LONGEST_MS; ms++) {
    left -= delays[ms];
    if (left <= 0) return ms;
  }
  return LONGEST_MS;
}

process.on('message', async (message) => {
  try {
    if (message.open) {
      const { url, keys, perKey } = message.open;
      for (const key of keys) {
        await Promise.all(Array.from({ length: perKey }, () => open(url, key)));
      }
      process.send({ opened: clients.length });
    } else if (message.reset) {
      delays = new Uint32Array(LONGEST_MS);
      for (const { shown } of clients) shown.clear();
      process.send({ reset: true });
    } else process.send(report(message.report));
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
