import { describe, expect, it } from '@jest/globals';
import type { TimelineEntry } from '../../ledger/timelines/timeline-reader.js';
import { lanesOf, marksOf, stripOf } from './lanes.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 27, 12);
const at = (minute: number) => new Date(START + minute * MINUTE);
const SPAN = { from: at(0), to: at(60), now: at(60) };

/** `minute kind` and what else the entry says. */
function entry(minute: number, kind: string, more: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    id: `${minute}-${kind}`,
    at: at(minute),
    kind,
    outcome: kind.startsWith('seat.') ? 'intent' : 'ok',
    room: 'hall',
    identity: 'ana',
    actor: { kind: 'operator', id: 'kim', label: 'Kim' },
    payload: {},
    ...more,
  };
}
const joined = (minute: number, sid: string, canPublish = false) =>
  entry(minute, 'participant.joined', { payload: { sid, permission: { canPublish } } });
const left = (minute: number, sid: string) =>
  entry(minute, 'participant.left', { payload: { sid } });
const said = (entries: TimelineEntry[], isPresent = false, span = SPAN) =>
  lanesOf(entries, span, () => ({ isPresent })).flatMap(({ segments }) =>
    segments.map(
      ({ kind, from, to }) =>
        `${kind} ${(from.getTime() - START) / MINUTE}–${to ? (to.getTime() - START) / MINUTE : ''}`,
    ),
  );
const blocked = (minute: number, until: number | null) =>
  entry(minute, 'seat.blocked', {
    payload: {
      desired: { block: { at: at(minute).toISOString(), until: until && at(until).toISOString() } },
    },
  });

describe('the lane of a person in a room', () => {
  it('is not ended by the leave of an older connection', () => {
    expect(said([joined(1, 'PA_1'), joined(5, 'PA_2'), left(6, 'PA_1'), left(9, 'PA_2')])).toEqual([
      'present 1–5',
      'present 5–9',
    ]);
  });

  it('goes on while they are there, and else ends with what is last known of them', () => {
    expect(said([joined(1, 'PA_1')], true)).toEqual(['present 1–']);
    expect(said([joined(1, 'PA_1'), entry(4, 'gate.admitted')])).toEqual(['present 1–4']);
    // Of a time that is past the log says more later: nothing is ended there.
    expect(said([joined(1, 'PA_1')], false, { ...SPAN, now: at(90) })).toEqual(['present 1–']);
  });

  it('has what began before, from when it began, and nothing that was over', () => {
    const span = { ...SPAN, from: at(30) };
    expect(
      said([joined(1, 'PA_1'), left(9, 'PA_1'), joined(20, 'PA_2'), left(40, 'PA_2')], false, span),
    ).toEqual(['present 20–40']);
    expect(said([blocked(2, null)], false, span)).toEqual(['blocked 2–']);
  });

  it('ends what ends by itself on time, whether or when that was written down', () => {
    expect(said([blocked(2, 10)])).toEqual(['blocked 2–10']);
    const ended = entry(11, 'seat.block_ended', { payload: { desired: {} } });
    expect(said([blocked(2, 10), ended])).toEqual(['blocked 2–10']);
    expect(said([blocked(2, 90)])).toEqual(['blocked 2–']);
    const lifted = entry(5, 'seat.unblocked', { payload: { desired: {} } });
    expect(said([blocked(2, 10), lifted])).toEqual(['blocked 2–5']);
  });

  it('changes with a role that was decided, not with one that was refused or tried again', () => {
    const promoted = (minute: number, outcome: string) =>
      entry(minute, 'seat.promoted', {
        outcome,
        payload: { operationId: 'one', after: { template: 'speaker', version: 1 } },
      });
    const entries = [joined(1, 'PA_1'), promoted(4, 'intent'), promoted(5, 'applied')];
    expect(said(entries, true)).toEqual(['present 1–4', 'present 4–']);
    expect(said([joined(1, 'PA_1'), promoted(4, 'refused')], true)).toEqual(['present 1–']);
    expect(marksOf(entries, at(0))).toMatchObject([{ at: at(4), outcome: 'applied' }]);
  });
});

it('counts in a strip each person once for each bar, and what was decided in it', () => {
  const entries = [
    joined(1, 'PA_1', true),
    left(2, 'PA_1'),
    joined(3, 'PA_2', true),
    left(25, 'PA_2'),
    entry(12, 'seat.muted', { outcome: 'ok' }),
    entry(50, 'token.refused', { outcome: 'refused' }),
  ];
  const lanes = lanesOf(entries, SPAN, () => null);
  const bars = stripOf(lanes, marksOf(entries, SPAN.from), SPAN, 6);
  expect(bars.map(({ publishers }) => publishers)).toEqual([1, 1, 1, 0, 0, 0]);
  expect(bars.map(({ acts }) => acts)).toEqual([0, 1, 0, 0, 0, 0]);
  expect(bars.map(({ refused }) => refused)).toEqual([0, 0, 0, 0, 0, 1]);
});
