import { expect, it } from '@jest/globals';
import { findingsOf } from './findings';

it('has one finding a line, about an entry when the line begins with its id', () => {
  const text = ' no reason was given \n\nhx3k2a9p1b-0-41  by   whom?\nhx3k2a9p1b-0-41\n';
  expect(findingsOf(text)).toEqual([
    { text: 'no reason was given' },
    { entry: 'hx3k2a9p1b-0-41', text: 'by whom?' },
    { text: 'hx3k2a9p1b-0-41' },
  ]);
  expect(findingsOf(' \n')).toEqual([]);
});
