import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type FakeAnswer, fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { SignInPage } from '../sign-in/SignInPage';
import { AccountPage } from './AccountPage';

let api: ReturnType<typeof fakeApi>;
let answer: FakeAnswer;
beforeEach(() => {
  api = fakeApi(() => answer);
});
afterEach(() => api.restore());

const tooMany = (seconds: number): FakeAnswer => ({
  status: 429,
  headers: { 'Retry-After': String(seconds) },
  body: { detail: 'Too many attempts.', code: 'auth.too_many_attempts' },
});

describe('changing the own password', () => {
  const change = async () => {
    const user = userEvent.setup();
    renderAdmin(<AccountPage />, { me: signedIn([]) });
    await user.type(screen.getByLabelText(/^Current password/), 'what it was');
    await user.type(screen.getByLabelText(/^New password \*?$/), 'password1234');
    await user.type(screen.getByLabelText(/^New password again/), 'password1234');
    await user.click(screen.getByRole('button', { name: 'Change password' }));
  };

  it('puts what is wrong with a password beside it', async () => {
    const text = 'is one of the passwords that are tried first; use some unrelated words';
    answer = { status: 400, body: { code: 'auth.weak_password', errors: { newPassword: text } } };
    await change();
    await screen.findByText(text);
    expect(screen.getByLabelText(/^New password \*?$/).getAttribute('aria-invalid')).toBe('true');
  });

  it('says how long to wait after too many wrong ones', async () => {
    answer = tooMany(16);
    await change();
    await screen.findByText('Too many attempts. Try again in 16 seconds.');
  });
});

it('the sign-in page says how long to wait', async () => {
  answer = tooMany(1);
  const user = userEvent.setup();
  renderAdmin(<SignInPage />);
  await user.type(screen.getByLabelText(/^E-mail/), 'lee@example.org');
  await user.type(screen.getByLabelText(/^Password/), 'a guess');
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
  await screen.findByText('Too many attempts. Try again in 1 second.');
});
