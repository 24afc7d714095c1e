import '../../server/test/support/compile-once.js';
import { TestEnvironment } from 'jest-environment-jsdom';

/** jsdom lacks what the router and our HTTP client use; without them a refused page stays visible. */
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, {
      TextEncoder,
      TextDecoder,
      Request,
      Response,
      Headers,
      fetch,
      AbortController,
      AbortSignal,
      structuredClone,
    });
  }
}
