import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { useEffect } from 'react';
import { act, render, screen } from '@testing-library/react';
import { type Announce, AnnounceProvider, useAnnounce } from './announce';

let announce: Announce;
function Speaker({ onReady }: { onReady: (announce: Announce) => void }) {
  const own = useAnnounce();
  useEffect(() => onReady(own), [own, onReady]);
  return null;
}

const pass = (ms: number) => act(() => jest.advanceTimersByTime(ms));
const polite = () => screen.getByRole('status').textContent;

beforeEach(() => {
  jest.useFakeTimers();
  render(
    <AnnounceProvider>
      <Speaker onReady={(own) => (announce = own)} />
    </AnnounceProvider>,
  );
});
afterEach(() => {
  jest.useRealTimers();
});

describe('announcements', () => {
  it('are one change of the region a second, and lose nothing that was said meanwhile', () => {
    announce('Ana: Approved');
    pass(20);
    expect(polite()).toBe('Ana: Approved');
    announce('Bo: Approved');
    announce('Cy: Muted');
    pass(900);
    expect(polite()).toBe('Ana: Approved');
    pass(100);
    expect(polite()).toBe('Bo: Approved. Cy: Muted');
  });

  it('are in a storm the newest few, each once', () => {
    for (let n = 0; n < 200; n += 1) announce(`${n % 9} done`);
    pass(20);
    expect(polite()).toBe('6 done. 7 done. 8 done. 0 done. 1 done');
  });

  it('tell the same again as something new', () => {
    announce('Nothing to undo');
    pass(20);
    const before = polite();
    pass(1_000);
    announce('Nothing to undo');
    pass(20);
    expect(polite()).not.toBe(before);
    expect(polite()?.trim()).toBe('Nothing to undo');
  });

  it('that are urgent do not wait for the others', () => {
    announce('Ana: Approved');
    announce('Bo: Not approved', 'assertive');
    pass(20);
    expect(screen.getByRole('alert').textContent).toBe('Bo: Not approved');
    expect(polite()).toBe('Ana: Approved');
  });
});
