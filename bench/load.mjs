// The load generator's process: one autocannon run, its result sent back.
import autocannon from 'autocannon';

process.once(
  'message',
  async ({ url, headers, bodies, paths, status: wanted = 201, connections, seconds }) => {
    try {
      let wrong = 0;
      const run = autocannon({
        url,
        connections,
        duration: seconds,
        timeout: 20,
        requests: bodies.map((body, i) => ({
          method: 'POST',
          ...(paths ? { path: paths[i] } : {}),
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        })),
      });
      run.on('response', (_client, status) => {
        if (status !== wanted) wrong += 1;
      });
      const result = await run;
      process.send({
        perSecond: result['2xx'] / result.duration,
        ok: result['2xx'],
        wrong: wrong + result.errors + result.timeouts,
        p50: result.latency.p50,
        p99: result.latency.p99,
      });
    } catch (error) {
      process.send({ error: String(error) });
    }
  },
);
