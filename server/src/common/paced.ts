/** Whoever reads takes less than they have to. */
export class ReaderTooSlow extends Error {
  constructor() {
    super('the reader takes too little');
  }
}

export interface Pace {
  readonly bytesPerSecond: number;
  /** How long a reader may pause beside that. */
  readonly graceMs: number;
}

/** Of what holds memory, or one of few places, while somebody reads it. */
export const DOWNLOAD_PACE: Pace = { bytesPerSecond: 64 * 1024, graceMs: 20_000 };

/** The same parts. Calls `onSlow` when they are not taken in time; making them does not count. */
export async function* paced(
  parts: AsyncIterable<string> | Iterable<string>,
  onSlow: (error: ReaderTooSlow) => void,
  { bytesPerSecond, graceMs }: Pace = DOWNLOAD_PACE,
): AsyncGenerator<string> {
  let timer: NodeJS.Timeout | undefined;
  let leftMs = graceMs;
  try {
    for await (const part of parts) {
      // What was taken fast is no credit for later.
      leftMs = Math.min(leftMs, graceMs) + (part.length / bytesPerSecond) * 1_000;
      const since = performance.now();
      timer = setTimeout(() => onSlow(new ReaderTooSlow()), leftMs);
      yield part;
      clearTimeout(timer);
      leftMs -= performance.now() - since;
    }
  } finally {
    clearTimeout(timer);
  }
}
