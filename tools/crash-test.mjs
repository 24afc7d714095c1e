// npm run crash-test: 200 times kills, freezes or misleads what the ledger depends on, under load.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './lib/paths.mjs';

const { status } = spawnSync(
  process.execPath,
  [join(ROOT, 'tools/test.mjs'), '--only', 'e2e', 'ledger-crashes'],
  {
    stdio: 'inherit',
    env: { ...process.env, TEST_CRASHES: process.env.TEST_CRASHES ?? '200' },
  },
);
process.exitCode = status ?? 1;
