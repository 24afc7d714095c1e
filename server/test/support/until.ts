const SHORTEST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 200;

/**
 * Polls until `check` answers something truthy, and answers with it; fails at the deadline. The longer
 * it takes, the less often it asks: what is waited for needs the processor that asking costs.
 */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  deadlineMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const started = performance.now();
  for (;;) {
    const value = await check();
    if (value) return value as NonNullable<Exclude<T, false>>;
    const waited = performance.now() - started;
    if (waited > deadlineMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    const pause = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, waited / 10));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
