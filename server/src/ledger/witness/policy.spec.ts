import { describe, expect, it } from '@jest/globals';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey } from '../tree/note-keys.js';
import { parsePolicy } from './policy.js';

const log = generateSigningKey('log.example', SIGNATURE_TYPES.ed25519).vkey;
const keys = ['X1', 'X2', 'X3', 'Y1', 'Y2'].map(
  (name) => generateSigningKey(`${name}.example`, SIGNATURE_TYPES.ed25519Cosignature).vkey,
);
const [x1, x2, x3, y1, y2] = keys;

const TWO_LEVELS = `# two organisations
log ${log}  https://log.example/ledger/

witness X1 ${x1} https://x1.example/
witness X2\t${x2}
 witness X3 ${x3}
group X 2 X1 X2 X3
witness Y1 ${y1}
witness Y2 ${y2}
group Y any Y1 Y2
group both all X Y
quorum both
`;

describe('a policy of witnesses', () => {
  it.each([
    [[], false],
    [['X1', 'X2'], false],
    [['X1', 'Y1'], false],
    [['Y1', 'Y2', 'X3'], false],
    [['X1', 'X3', 'Y2'], true],
    [['X1', 'X2', 'X3', 'Y1', 'Y2'], true],
  ])('with groups of groups: %j is enough: %s', (cosigned, isMet) => {
    expect(parsePolicy(TWO_LEVELS).isMet(new Set(cosigned))).toBe(isMet);
  });

  it('has the logs and witnesses, with addresses where they have one', () => {
    const { logs, witnesses } = parsePolicy(TWO_LEVELS);
    expect(logs).toEqual([
      expect.objectContaining({
        key: expect.objectContaining({ name: 'log.example' }),
        url: 'https://log.example/ledger',
      }),
    ]);
    expect(witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['X1', 'https://x1.example'],
      ['X2', null],
      ['X3', null],
      ['Y1', null],
      ['Y2', null],
    ]);
  });

  it('with the quorum none needs nobody', () => {
    expect(parsePolicy('quorum none').isMet(new Set())).toBe(true);
  });

  it.each([
    ['', /one quorum line/],
    ['quorum none\nquorum none', /line 2: .*one quorum line/],
    [`quorum X1\nwitness X1 ${x1}`, /line 1: "X1" is not defined above/],
    [`group g any X1\nwitness X1 ${x1}`, /line 1: "X1" is not defined above/],
    [`witness none ${x1}\nquorum none`, /line 1: .*"none" is taken/],
    [`witness X1 ${x1}\nwitness X1 ${x2}`, /line 2: .*"X1" is taken/],
    [`witness X1 ${x1}\nwitness X2 ${x1}`, /line 2: .*another witness/],
    [`log ${log}\nlog ${log}`, /line 2: .*another log/],
    [`log ${x1}`, /line 1: .*type 4 is not that of a log/],
    [`witness X1 ${log}`, /line 1: .*type 1 is not that of a witness/],
    ['witness X1 nonsense', /line 1: .*verifier key/],
    [`witness X1 ${x1} ftp://x`, /line 1: .*address/],
    [`witness X1 ${x1}\ngroup g 2 X1`, /line 2: .*from 1 to 1/],
    [`witness X1 ${x1}\ngroup g 0 X1`, /line 2: .*from 1 to 1/],
    [`witness X1 ${x1}\ngroup g any`, /line 2: group/],
    [`witness X1 ${x1}\ngroup g any X1\ngroup h any X1`, /line 3: "X1" is in a group already/],
    ['quorum none # said so', /line 1: quorum <name>/],
    ['required X1', /line 1: "required"/],
    ['quorum none\r\n', /control characters/],
  ])('is refused with its line: %j', (text, problem) => {
    expect(() => parsePolicy(text)).toThrow(problem);
  });
});
