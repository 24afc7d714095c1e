import { afterEach, expect, it } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import { randomUuid } from '../browser/secureContext';
import { NeedsHttps } from './NeedsHttps';

afterEach(() => {
  cleanup();
  document.head.querySelector('meta[name="public-url"]')?.remove();
});

function show(publicUrl: string) {
  const meta = document.createElement('meta');
  meta.name = 'public-url';
  meta.content = publicUrl;
  document.head.append(meta);
  render(<NeedsHttps />);
}

it('says that devices need https, and where the page has it', () => {
  // jsdom has no devices either.
  expect(navigator.mediaDevices).toBeUndefined();
  show('https://rolecall.example');
  screen.getByText(/opened without https/);
  expect(screen.getByRole('link').getAttribute('href')).toBe(
    `https://rolecall.example${window.location.pathname}`,
  );
});

it('names no address that is plain http as well', () => {
  show('http://rolecall.example');
  screen.getByText(/opened without https/);
  expect(screen.queryByRole('link')).toBeNull();
});

it('makes UUIDs where the browser does not', () => {
  expect(randomUuid()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(randomUuid()).not.toBe(randomUuid());
});
