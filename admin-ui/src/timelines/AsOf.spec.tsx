import { expect, it, jest } from '@jest/globals';
import { fireEvent, screen } from '@testing-library/react';
import { renderAdmin } from '../../test/renderAdmin';
import { timeIn } from '../ledger/zone';
import { AsOf } from './AsOf';
import './messages.en';

const FROM = Date.parse('2026-11-01T00:00:00Z');
const AT = Date.parse('2026-11-02T10:00:00Z');

const zone = {
  zone: 'utc' as const,
  toggle: () => undefined,
  format: (at: string | number, shape: Parameters<typeof timeIn>[1]) =>
    timeIn(at, shape, 'en', 'utc'),
  place: 'UTC',
  isOwnUtc: false,
};

it('goes to a moment that is typed, in the zone of the page, and not beyond what was read', async () => {
  const onAt = jest.fn();
  renderAdmin(
    <AsOf at={AT} onAt={onAt} lanes={[]} whole={{ from: FROM, to: AT }} zone={zone}>
      <span />
    </AsOf>,
  );
  const field = await screen.findByLabelText<HTMLInputElement>('At this moment');
  expect(field.value).toMatch(/^2026-11-02T10:00(:00)?$/);
  fireEvent.change(field, { target: { value: '2026-10-31T09:00:00' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(await screen.findByText(/^This page begins .*1.*00:00/)).toBeTruthy();
  expect(onAt).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: '2026-11-02T09:30:15' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(onAt).toHaveBeenLastCalledWith(Date.parse('2026-11-02T09:30:15Z'));
  fireEvent.change(field, { target: { value: '' } });
  fireEvent.blur(field);
  expect(onAt).toHaveBeenLastCalledWith(null);
});
