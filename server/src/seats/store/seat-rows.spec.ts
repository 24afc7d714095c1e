import { expect, it } from '@jest/globals';
import { type OperationRow, toOperation } from './seat-rows.js';

const AT = '2026-05-04T10:00:00.000Z';
const stored = {
  override: { at: AT, until: '2026-05-04T10:10:00.000Z' },
  block: null,
  hold: null,
};

it.each([
  ['desired', { desired: stored }],
  ['wish, as older servers wrote it', { wish: stored }],
])('an operation’s desired state is read under the key %s', (_, after) => {
  const before = { override: null, block: null, hold: null, base: null };
  const row = { before, after } as unknown as OperationRow;
  expect(toOperation(row).after).toEqual({
    desired: {
      override: { at: new Date(AT), until: new Date('2026-05-04T10:10:00.000Z') },
      block: null,
      hold: null,
    },
  });
});

it('an immediate act has no desired state', () => {
  const row = { before: {}, after: { desired: null } } as unknown as OperationRow;
  expect(toOperation(row).after.desired).toBeNull();
});
