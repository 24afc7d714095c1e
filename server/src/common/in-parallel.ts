import { AppError } from './errors/app-error.js';

/**
 * Works on all items, at most `width` at once. One that fails keeps none of the others from being
 * worked on; the failure is thrown once all are done, a lost dependency before any other. `isOver`
 * leaves the rest, for a process that stops.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
  isOver: () => boolean = () => false,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < items.length && !isOver()) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures.find(isLostDependency) ?? failures[0];
}

/** The same for steps that are taken one after the other. */
export async function inSequence(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  await inParallel(steps, 1, (step) => step());
}

function isLostDependency(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'unavailable';
}
