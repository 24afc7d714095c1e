import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { cleanup, render } from '@testing-library/react';
import { tolerateForeignNodes } from './foreignNodes';

beforeAll(tolerateForeignNodes);
afterEach(cleanup);

type Translate = (text: Text, shown: HTMLElement) => void;

const WAYS: [string, Translate][] = [
  ['replaced at once', (text, shown) => text.replaceWith(shown)],
  [
    'put before, then removed',
    (text, shown) => {
      text.before(shown);
      text.remove();
    },
  ],
  [
    'removed, then put in the gap',
    (text, shown) => {
      const { parentElement, nextSibling } = text;
      text.remove();
      parentElement?.insertBefore(shown, nextSibling);
    },
  ],
  [
    'put around',
    (text, shown) => {
      text.before(shown);
      shown.replaceChildren(text);
    },
  ],
];

function translate(root: Node, way: Translate) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    const shown = document.createElement('font');
    shown.textContent = text.data.toUpperCase();
    way(text, shown);
  }
}

function Page({ role, isUp }: { role: string; isUp: boolean }) {
  return (
    <p>
      {isUp && <b>hand</b>}ana is {role}
      {isUp ? ' and waits' : null}
    </p>
  );
}

it.each(WAYS)('shows what is true when a text node was %s', (_, way) => {
  const { container, rerender, unmount } = render(<Page role="viewer" isUp={false} />);
  const shown = () => container.textContent.toLowerCase();
  const steps: [string, boolean, string][] = [
    ['viewer', true, 'handana is viewer and waits'],
    ['speaker', true, 'handana is speaker and waits'],
    ['speaker', false, 'ana is speaker'],
    ['viewer', true, 'handana is viewer and waits'],
    ['host', false, 'ana is host'],
  ];
  for (const [role, isUp, text] of steps) {
    translate(container, way);
    rerender(<Page role={role} isUp={isUp} />);
    expect(shown()).toBe(text);
  }
  translate(container, way);
  unmount();
  expect(shown()).toBe('');
});
