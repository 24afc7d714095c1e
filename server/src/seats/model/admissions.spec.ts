import { describe, expect, it } from '@jest/globals';
import {
  type Admissions,
  awaitConnection,
  confirm,
  settle as settleAt,
  withdraw,
} from './admissions.js';

const NOTHING: Admissions = { admitted: null, awaited: [] };
const NARROW = [['roomJoin', 'canSubscribe']];
const OTHER = [['roomJoin', 'canPublishData']];
const START = Date.parse('2026-03-01T12:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1_000);

/** Decisions and sightings in a row; times are seconds. */
class Story {
  constructor(public now: Admissions = NOTHING) {}

  narrow(seconds: number, id: string, sid: string | null = null, ceiling = NARROW): this {
    this.now = awaitConnection(this.now, { id, ceiling }, at(seconds), sid);
    return this;
  }
  wide(seconds: number, sid: string | null = null): this {
    this.now = awaitConnection(this.now, { id: null, ceiling: null }, at(seconds), sid);
    return this;
  }
  seen(sid: string, joined: number, seen = joined): this {
    this.now = settleAt(this.now, { sid, joinedAt: at(joined), seenAt: at(seen) });
    return this;
  }
  /** What the connection that is there is held to. */
  get ceilings(): readonly unknown[] {
    const { admitted, awaited } = this.now;
    const waiting = awaited.flatMap(({ ceiling }) => (ceiling ? [ceiling] : []));
    return [...(admitted ? [admitted.ceiling] : []), ...waiting];
  }
}
const narrowUp = () => new Story().narrow(0, 'n').seen('n', 0.1);

describe('the bound of a connection that the gate does not see', () => {
  it('stays while a wider connect never comes up, and the connect is forgotten', () => {
    const story = narrowUp().wide(10, 'n').seen('n', 0.1, 11);
    expect(story.ceilings).toEqual([NARROW]);
    expect(story.seen('n', 0.1, 200).now).toMatchObject({ admitted: { id: 'n' }, awaited: [] });
  });

  it('comes off with the wider connection, and with no other one', () => {
    expect(narrowUp().wide(10, 'n').seen('w', 10.1).now).toEqual(NOTHING);
    expect(narrowUp().wide(10, 'n').seen('past', 300).ceilings).toEqual([NARROW]);
  });

  it('comes on with the decision, whatever was there', () => {
    const story = new Story().narrow(10, 'n', 'w');
    expect(story.ceilings).toEqual([NARROW]);
    // `w` was there before: it is not what was decided about.
    expect(story.seen('w', 0, 20).now.admitted).toBeNull();
    expect(story.seen('w', 0, 120).now).toEqual(NOTHING);
  });

  it.each([
    ['the narrow one first', (story: Story) => story.narrow(10, 'n2', 'n').wide(10.2, 'n')],
    ['the wide one first', (story: Story) => story.wide(10, 'n').narrow(10.2, 'n2', 'n')],
  ])('holds for both of two connects at once: %s', (_order, decide) => {
    for (const sids of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const story = decide(narrowUp());
      for (const [i, sid] of sids.entries()) {
        expect(story.seen(sid, 10.3 + i / 10).ceilings).toContain(NARROW);
      }
      expect(story.seen(sids[1]!, 10.4, 300).ceilings).toContain(NARROW);
      expect(story.wide(310, sids[1]).seen('w', 310.1).ceilings).toEqual([]);
    }
  });

  it('holds for a narrow connect that comes up late, after a wider one was let in', () => {
    expect(narrowUp().narrow(10, 'n2', 'n').wide(40, 'n').seen('late', 60).ceilings).toContain(
      NARROW,
    );
  });

  it('is not known where the webhook was lost, until a list says so', () => {
    const story = new Story().narrow(0, 'n', 'old').wide(300, 'old');
    expect(story.seen('n', 0.1, 300.5).ceilings).toEqual([NARROW]);
    expect(story.seen('n', 0.1, 500).now).toMatchObject({ admitted: { id: 'n' }, awaited: [] });
    const both = new Story().narrow(0, 'n', 'old').wide(300, 'old').seen('w', 300.1);
    expect(both.ceilings).toEqual([]);
  });

  it('is that of the token that came up last, not that of one that never did', () => {
    const story = narrowUp().narrow(10, 'o', 'n', OTHER);
    expect(story.ceilings).toEqual([NARROW, OTHER]);
    expect(story.seen('n', 0.1, 200).ceilings).toEqual([NARROW]);
    const other = narrowUp().narrow(10, 'o', 'n', OTHER).seen('o', 10.1);
    expect(other.now).toMatchObject({ admitted: { id: 'o', ceiling: OTHER }, awaited: [] });
  });

  it('keeps what was given to its connection through a reconnect', () => {
    const { admitted } = narrowUp().now;
    const back = narrowUp().narrow(50, 'n', 'n').seen('n2', 50.1).now;
    expect(back.admitted).toEqual({ ...admitted, sid: 'n2' });
  });

  it('takes one place, however often somebody connects', () => {
    const story = narrowUp();
    for (let i = 0; i < 500; i += 1) story.narrow(10 + i / 10, `n${i}`, 'n').wide(10 + i / 10, 'n');
    expect(story.now.awaited).toHaveLength(2);
  });

  it('does not come off by clocks that cannot be right', () => {
    expect(narrowUp().wide(10, 'n').seen('x', 9_000, 11).ceilings).toEqual([NARROW]);
    expect(narrowUp().wide(10, 'n').seen('x', -9_000, 11).ceilings).toEqual([NARROW]);
  });
});

describe('the bound of a connection that the gate joins', () => {
  const decided = (key: string, id: string | null, story = NOTHING) =>
    awaitConnection(story, { key, id, ceiling: id === null ? null : NARROW }, at(0), null);

  it('is that of its decision, and nobody who was decided about before can be joined', () => {
    const both = decided('2', null, decided('1', 'n'));
    expect(confirm(both, '2')).toEqual(NOTHING);
    expect(confirm(NOTHING, '1')).toBeNull();
    expect(confirm(both, '1')?.admitted).toMatchObject({ id: 'n', ceiling: NARROW });
  });

  it('stays as it was when the connect fails', () => {
    const up = confirm(decided('1', 'n'), '1')!;
    expect(withdraw(decided('2', null, up), '2')).toEqual(up);
    expect(withdraw(decided('2', 'o', up), '2')).toEqual(up);
  });
});
