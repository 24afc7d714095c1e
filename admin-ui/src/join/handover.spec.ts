import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { openJoinPage, receiveTicket } from './handover';

const ticket = { token: 'the-token', serverUrl: 'ws://here', room: 'a/b', identity: 'ana' };
const origin = window.location.origin;

function hear(source: unknown, data: unknown, from = origin) {
  window.dispatchEvent(
    new MessageEvent('message', { source: source as Window, data, origin: from }),
  );
}

const openWindow = window.open;
afterEach(() => {
  window.open = openWindow;
  Object.defineProperty(window, 'opener', { value: null, writable: true, configurable: true });
});

describe('the window that hands over', () => {
  function open() {
    const page = { postMessage: jest.fn() };
    const opened = jest.fn<typeof window.open>(() => page as unknown as Window);
    window.open = opened;
    return { page, opened };
  }

  it('keeps the token out of the address', () => {
    const { opened } = open();
    expect(openJoinPage(ticket)).toBe(true);
    expect(opened).toHaveBeenCalledWith('/join/a%2Fb', '_blank');
  });

  it('gives the token once, and only to the window that it opened', () => {
    const { page } = open();
    openJoinPage(ticket);
    hear({}, { type: 'rolecall.join.ready' });
    hear(page, { type: 'rolecall.join.ready' }, 'https://elsewhere.example');
    hear(page, { type: 'something.else' });
    expect(page.postMessage).not.toHaveBeenCalled();

    hear(page, { type: 'rolecall.join.ready' });
    hear(page, { type: 'rolecall.join.ready' });
    expect(page.postMessage).toHaveBeenCalledTimes(1);
    expect(page.postMessage).toHaveBeenCalledWith({ type: 'rolecall.join.ticket', ticket }, origin);
  });

  it('says so when the browser blocks the window', () => {
    window.open = () => null;
    expect(openJoinPage(ticket)).toBe(false);
  });
});

describe('the window that was opened', () => {
  function openedBy(opener: unknown) {
    Object.defineProperty(window, 'opener', { value: opener, writable: true, configurable: true });
  }

  it('takes the ticket from its opener alone, then lets go of it', async () => {
    const opener = { postMessage: jest.fn() };
    openedBy(opener);
    const received = receiveTicket();
    expect(opener.postMessage).toHaveBeenCalledWith({ type: 'rolecall.join.ready' }, origin);
    hear({}, { type: 'rolecall.join.ticket', ticket: { ...ticket, token: 'forged' } });
    hear(opener, { type: 'rolecall.join.ticket', ticket });
    expect(await received).toEqual(ticket);
    expect(window.opener).toBeNull();
  });

  it('has nothing to wait for when nobody opened it', async () => {
    openedBy(null);
    expect(await receiveTicket()).toBeNull();
  });
});
