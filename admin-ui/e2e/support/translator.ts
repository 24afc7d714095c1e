import type { BrowserContext } from 'playwright-core';

/**
 * Translates every page as browsers' translators do: each text node, also one that comes or changes
 * later, is taken out, and `<font><font>…` takes its place. The words stay, so that tests can read.
 */
export async function translatePages(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const KEPT = '[translate=no], font, script, style, textarea, svg';
    const translate = (text: Text) => {
      const parent = text.parentElement;
      if (!parent || !/\S/.test(text.data) || parent.closest(KEPT)) return;
      const outer = document.createElement('font');
      const inner = document.createElement('font');
      inner.textContent = text.data;
      outer.append(inner);
      // Two ways that translators have: put beside and taken away, or replaced at once.
      if (text.data.length % 2 === 0) {
        parent.insertBefore(outer, text);
        parent.removeChild(text);
      } else {
        text.replaceWith(outer);
      }
    };
    const translateAll = (root: Node) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const found = root.nodeType === Node.TEXT_NODE ? [root] : [];
      while (walker.nextNode()) found.push(walker.currentNode);
      for (const text of found) translate(text as Text);
    };
    new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records) {
        if (type === 'characterData') translateAll(target);
        else addedNodes.forEach(translateAll);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}
