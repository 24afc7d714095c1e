import { ReconcilerService } from '../../src/reconciler/reconciler.service.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

/** Waits until a sweep is over that began after this was called. */
export async function sweep({ app }: Pick<TestApp, 'app'>): Promise<void> {
  const reconciler = app.get(ReconcilerService);
  // The first one that ends may have read LiveKit before.
  for (const which of ['a sweep', 'the next one']) {
    const before = reconciler.status.lastAt;
    reconciler.sweepSoon();
    await until(`${which} is over`, () => reconciler.status.lastAt !== before);
  }
}
