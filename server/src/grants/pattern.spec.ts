import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differsOnlyInSpelling, nearlyMatches } from './near-miss.js';
import { matchesPattern, patternContains, specificity } from './pattern.js';

/** Few letters, so that random patterns and names meet often. */
const anyPattern = fc.string({
  unit: fc.constantFrom('a', 'a', 'b', '*', '*', '\\'),
  maxLength: 6,
});
const anyRoom = fc.string({ unit: fc.constantFrom('a', 'a', 'b', '*', '\\'), maxLength: 5 });

/** The definition, letter by letter: slow, and plainly right. */
function matchesByDefinition(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*') {
    return (
      matchesByDefinition(pattern.slice(1), name) ||
      (name !== '' && matchesByDefinition(pattern, name.slice(1)))
    );
  }
  const isEscape = pattern[0] === '\\' && (pattern[1] === '*' || pattern[1] === '\\');
  const literal = isEscape ? pattern[1] : pattern[0];
  return name[0] === literal && matchesByDefinition(pattern.slice(isEscape ? 2 : 1), name.slice(1));
}

describe('room name patterns', () => {
  it('match what the definition says', () => {
    fc.assert(
      fc.property(anyPattern, anyRoom, (pattern, room) => {
        expect(matchesPattern(pattern, room)).toBe(matchesByDefinition(pattern, room));
      }),
      { numRuns: 5000 },
    );
  });

  it('take every character but the star literally, a star in a room name too', () => {
    expect(matchesPattern('town-*', 'town-hall')).toBe(true);
    expect(matchesPattern('town-*', 'town-')).toBe(true);
    expect(matchesPattern('hall*hall', 'hall')).toBe(false);
    expect(matchesPattern('t.wn-*', 'town-hall')).toBe(false);
    expect(matchesPattern('a\\*', 'a*')).toBe(true);
    expect(matchesPattern('a\\*', 'ab')).toBe(false);
    expect(matchesPattern('*🎙️*', 'live 🎙️ now')).toBe(true);
  });

  it('stay fast on a pattern made to be slow', () => {
    const started = performance.now();
    expect(matchesPattern('*a'.repeat(127) + '*b', 'a'.repeat(256))).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });

  it('are contained in another exactly when no name of theirs escapes it', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyRoom, (outer, inner, room) => {
        if (patternContains(outer, inner)) {
          expect(matchesPattern(inner, room) && !matchesPattern(outer, room)).toBe(false);
        } else {
          // The witness: whatever the inner star stands for, a letter that no pattern has.
          const witness = inner.replace(/\\[*\\]|\*/g, (m) => (m === '*' ? 'z' : m));
          expect(matchesPattern(outer, witness.replace(/\\([*\\])/g, '$1'))).toBe(false);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('are the more specific the less they contain', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (outer, inner) => {
        if (!patternContains(outer, inner)) return;
        if (patternContains(inner, outer)) expect(specificity(inner)).toBe(specificity(outer));
        else expect(specificity(inner)).toBeGreaterThan(specificity(outer));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('near misses', () => {
  it.each([
    ['townhall-*', 'town-hall'],
    ['Town-*', 'town-hall'],
    ['twon-*', 'ton-hall'],
    ['town_*_main', 'town-hall-main'],
    ['webinarr-*', 'webinar-2'],
  ])('%s was probably meant for %s', (pattern, room) => {
    expect(nearlyMatches(pattern, room)).toBe(true);
  });

  it.each([
    ['board-*', 'town-hall'],
    ['room-1', 'room-2'],
    ['a*', 'b'],
    ['x-*', 'y-1'],
    ['*', 'anything'],
  ])('%s has nothing to do with %s', (pattern, room) => {
    expect(nearlyMatches(pattern, room)).toBe(false);
  });

  it('takes two names for one misspelt only when case and punctuation differ', () => {
    expect(differsOnlyInSpelling('Town Hall', 'town-hall')).toBe(true);
    expect(differsOnlyInSpelling('town-hall', 'town-hall')).toBe(false);
    expect(differsOnlyInSpelling('room-1', 'room-2')).toBe(false);
  });
});
