// npm run tamper-test: tampers 10,000 times with a ledger as the owner of its database.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './lib/paths.mjs';

const { status } = spawnSync(
  process.execPath,
  [join(ROOT, 'tools/test.mjs'), '--only', 'int', 'src/ledger/verify/tampering'],
  {
    stdio: 'inherit',
    env: { ...process.env, TEST_TAMPERS: process.env.TEST_TAMPERS ?? '10000' },
  },
);
process.exitCode = status ?? 1;
