import { jest } from '@jest/globals';

/**
 * Each wait has a deadline of its own and says what it waited for; this one only ends what hangs. On a
 * busy machine a long story takes minutes without any of its waits being late.
 */
jest.setTimeout(240_000);
