/**
 * The value of `work`, or of `late` when `work` takes longer than `ms`. The work itself goes on; if
 * it fails after that, nobody hears of it.
 */
export async function withTimeout<T, L>(
  work: Promise<T>,
  ms: number,
  late: () => L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))).then(late);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
