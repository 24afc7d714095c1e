import { afterEach, describe, expect, it } from '@jest/globals';
import { fakeApi } from '../../test/fakeApi';
import { getJson, postJson } from './httpClient';
import { noteServerTime, serverNow } from './serverClock';

/** As a server whose clock is so far ahead of this one dates its answers. */
const dateOf = (aheadMs: number) => new Date(Date.now() + aheadMs).toUTCString();
const ahead = () => serverNow() - Date.now();

let restore = () => {};
afterEach(() => {
  restore();
  noteServerTime(dateOf(0));
});

describe('the clock of the server', () => {
  it('is learned from the answer to a change, to the second', async () => {
    ({ restore } = fakeApi(() => ({ headers: { Date: dateOf(-90_000) }, body: {} })));
    await postJson('/rooms', {});
    expect(Math.abs(ahead() + 90_000)).toBeLessThanOrEqual(1_000);
  });

  it('is not learned from a reading, which a cache may have kept', async () => {
    ({ restore } = fakeApi(() => ({ headers: { Date: dateOf(-3_600_000) }, body: {} })));
    await getJson('/rooms');
    expect(ahead()).toBe(0);
  });

  it('is the same as here when no difference can be told, or none is told', () => {
    noteServerTime(dateOf(900));
    expect(ahead()).toBe(0);
    noteServerTime(null);
    expect(ahead()).toBe(0);
  });
});
