import { jest } from '@jest/globals';

/** Real servers on a busy machine: a test that waits has a deadline of its own, this one is the last. */
jest.setTimeout(60_000);
