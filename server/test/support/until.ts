const STEP_MS = 15;

/** Polls until `check` answers something truthy, and answers with it; fails at the deadline. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  deadlineMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const started = performance.now();
  for (;;) {
    const value = await check();
    if (value) return value as NonNullable<Exclude<T, false>>;
    if (performance.now() - started > deadlineMs) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
