import { describe, expect, it } from '@jest/globals';
import { toLogText } from './log-text.js';

const line = (entry: object) =>
  `${JSON.stringify({ level: 'info', time: '2026-11-28T12:00:00.000Z', ...entry })}\n`;
const text = (entry: object, isColoured = false) => toLogText(line(entry), isColoured);

describe('a log line for people', () => {
  it('has the time, the message and what belongs to it', () => {
    expect(text({ msg: 'request', method: 'GET', status: 200, requestId: 'x' })).toMatch(
      /^\d\d:\d\d:\d\d request {2}method=GET status=200\n$/,
    );
  });

  it('says how bad it is, why, and for an error where', () => {
    const error = {
      message: 'no route',
      stack: 'Error: no route\n    at x',
      cause: { message: 'DNS' },
    };
    expect(text({ level: 'warn', msg: 'failed', error })).toMatch(
      /warn: failed \(no route: DNS\)\n$/,
    );
    expect(text({ level: 'error', msg: 'failed', error })).toMatch(/\n {9}Error: no route\n/);
  });

  it('is coloured only where that is wanted, and leaves alone what is no JSON', () => {
    expect(text({ level: 'warn', msg: 'failed' })).not.toContain('\u001b');
    expect(text({ level: 'warn', msg: 'failed' }, true)).toContain('\u001b[33m');
    expect(toLogText('plain\n', false)).toBe('plain\n');
  });
});
