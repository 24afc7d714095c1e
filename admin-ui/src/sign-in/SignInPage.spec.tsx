import { afterEach, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin } from '../../test/renderAdmin';
import { SignInPage } from './SignInPage';

let api: ReturnType<typeof fakeApi>;
afterEach(() => {
  api.restore();
  document.head.querySelector('meta[name="public-url"]')?.remove();
});

async function show(publicUrl: string) {
  api = fakeApi(() => ({ status: 401, body: {} }));
  const meta = document.createElement('meta');
  meta.name = 'public-url';
  meta.content = publicUrl;
  document.head.append(meta);
  renderAdmin(<SignInPage />);
  await screen.findByRole('button', { name: 'Sign in' });
}

it('says which address to use when it is opened at another one', async () => {
  await show('https://rolecall.example');
  const link = screen.getByRole('link', { name: 'Open it there' });
  expect(link.getAttribute('href')).toBe('https://rolecall.example');
});

it.each([window.location.origin, window.location.origin.replace('localhost', '127.0.0.1')])(
  'says nothing when it is opened at its own address, %s',
  async (publicUrl) => {
    await show(publicUrl);
    expect(screen.queryByRole('link', { name: 'Open it there' })).toBeNull();
  },
);
