import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { AppError } from '../common/errors/app-error.js';
import { constraintError } from './database-errors.js';

/** What no request can violate: random values, rows that are written together, or never deleted. */
const INTERNAL = [
  'fk_bulk_target_operation',
  'fk_ledger_stream_refused_stream',
  'fk_operator_access_operator',
  'fk_operator_device_operator',
  'fk_operator_session_operator',
  'fk_role_template_version_template',
  'fk_seat_override',
  'uq_api_key_hash',
  'uq_bulk_target_identity',
  'uq_ledger_range_seq',
  'uq_operator_session_token',
];

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

it('every constraint that a request can violate says what is wrong', async () => {
  const constraints = await app.sql<{ conname: string }>(
    `SELECT conname FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace
     WHERE contype IN ('f', 'u') AND conparentid = 0 AND n.nspname = 'public' ORDER BY conname`,
  );
  const bare = constraints
    .map(({ conname }) => conname)
    .filter((name) => !(constraintError({ code: '23505', constraint: name }) instanceof AppError));
  expect(bare).toEqual(INTERNAL);
});
