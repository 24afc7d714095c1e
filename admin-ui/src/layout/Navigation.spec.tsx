import { expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { Navigation } from './Navigation';
import { RequirePermission } from '../shared/NoAccess';

const links = () => screen.getAllByRole('link').map((link) => link.textContent);

it('shows a moderator the live work and no settings of others', () => {
  renderAdmin(<Navigation />, {
    me: signedIn(['room.read', 'user.read', 'role_template.read', 'token.issue']),
  });
  expect(links()).toEqual(['Home', 'Rooms', 'Users', 'Role templates', 'Issue a token', 'LiveKit']);
});

it('shows an auditor the logs', () => {
  renderAdmin(<Navigation />, { me: signedIn(['ledger.read', 'operator.read']) });
  expect(links()).toEqual([
    'Home',
    'Issuances',
    'Activity',
    'Integrity',
    'Exposure',
    'Alarms',
    'Retention',
    'Operators',
    'Access roles',
    'LiveKit',
  ]);
});

it('offers retention to nobody who is limited to some rooms', () => {
  renderAdmin(<Navigation />, { me: signedIn(['ledger.read'], ['town-*']) });
  expect(links()).not.toContain('Retention');
});

it('marks where one is', () => {
  renderAdmin(<Navigation />, { me: signedIn(['room.read']), at: '/rooms/a%2Fb/console' });
  expect(screen.getByRole('link', { current: 'page' }).textContent).toBe('Rooms');
});

it('names the missing permission instead of the page', () => {
  renderAdmin(<RequirePermission permission="ledger.read">the log</RequirePermission>);
  expect(screen.queryByText('the log')).toBeNull();
  expect(screen.getByText(/needs the permission ledger\.read/)).toBeDefined();
});
