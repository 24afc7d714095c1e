/** Reads `first` up to, without, `end` in order, some of them ahead. Leaves no read running. */
export async function* readAhead<T>(
  first: number,
  end: number,
  ahead: number,
  read: (index: number) => Promise<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const waiting: Promise<T>[] = [];
  let next = first;
  try {
    for (let index = first; index < end; index++) {
      while (next < end && waiting.length < ahead) {
        const reading = read(next++);
        reading.catch(() => undefined); // it fails where it is waited for
        waiting.push(reading);
      }
      signal?.throwIfAborted();
      yield await (waiting.shift() as Promise<T>);
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}
