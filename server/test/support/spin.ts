import { describe } from '@jest/globals';
import { missingTools } from '../../../tools/model-check.mjs';

const missing = missingTools();
if (missing && process.env['REQUIRE_SPIN']) throw new Error(`REQUIRE_SPIN is set. ${missing}`);

/** A suite that needs spin; reported as skipped, by name and reason, on a machine without it. */
export const describeWithSpin: (name: string, suite: () => void) => void = missing
  ? (name, suite) => describe.skip(`${name} (skipped: ${missing})`, suite)
  : describe;
