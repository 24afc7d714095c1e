/*
 * A page translator replaces text nodes by elements of its own. React keeps the text nodes that it
 * made: it would update one that nobody sees, or fail to remove it. Here the element that shows a
 * text in its place is remembered, and React's changes reach what is shown.
 */

/** What shows a node's content now, since somebody else took the node out of the page. */
const standIns = new WeakMap<Node, ChildNode>();
/** The elements that already stand for a node; each stands for one. */
const taken = new WeakSet<Node>();

/** How many changes may lie between a node that goes and the one that comes for it. */
const NEAR = 4;

let observer: MutationObserver | null = null;

export function tolerateForeignNodes(): void {
  if (observer) return;
  observer = new MutationObserver(remember);
  observer.observe(document, { childList: true, subtree: true });

  const { appendChild, insertBefore, removeChild } = Node.prototype;
  const nodeValue = Object.getOwnPropertyDescriptor(Node.prototype, 'nodeValue');

  Node.prototype.removeChild = function <T extends Node>(this: Node, child: T): T {
    if (child.parentNode === this) return removeChild.call(this, child) as T;
    const shown = shownFor(child, this);
    if (shown) removeChild.call(this, shown);
    return child;
  };

  Node.prototype.insertBefore = function <T extends Node>(
    this: Node,
    node: T,
    next: Node | null,
  ): T {
    dropStandIn(node);
    const place = next && next.parentNode !== this ? shownFor(next, this) : next;
    return insertBefore.call(this, node, place) as T;
  };

  Node.prototype.appendChild = function <T extends Node>(this: Node, node: T): T {
    dropStandIn(node);
    return appendChild.call(this, node) as T;
  };

  Object.defineProperty(Node.prototype, 'nodeValue', {
    ...nodeValue,
    set(this: Node, value: string | null) {
      if (this.nodeType === Node.TEXT_NODE && this.parentNode === null) {
        const shown = shownFor(this);
        shown?.replaceWith(this);
      }
      nodeValue?.set?.call(this, value);
    },
  });

  function dropStandIn(node: Node): void {
    if (node.nodeType !== Node.TEXT_NODE || node.parentNode !== null) return;
    shownFor(node)?.remove();
  }
}

/** The child of `parent` that shows the node now: its stand-in, or an element that was put around it. */
function shownFor(node: Node, parent?: Node): ChildNode | null {
  remember(observer?.takeRecords() ?? []);
  let shown: Node | null = node;
  while (shown && shown.parentNode === null) shown = standIns.get(shown) ?? null;
  if (parent === undefined) return shown as ChildNode | null;
  while (shown && shown.parentNode !== parent) shown = shown.parentNode;
  return shown as ChildNode | null;
}

function remember(records: MutationRecord[]): void {
  for (const [index, record] of records.entries()) {
    for (const node of record.addedNodes) standIns.delete(node);
    for (const node of record.removedNodes) {
      if (node.nodeType !== Node.TEXT_NODE && !isForeign(node)) continue;
      const standIn = findStandIn(node, index, records);
      if (!standIn) continue;
      standIns.set(node, standIn);
      taken.add(standIn);
    }
  }
}

/** Put there by the same change, beside the node just before, or in its gap just after. */
function findStandIn(node: Node, at: number, records: MutationRecord[]): ChildNode | null {
  const record = records[at]!;
  const beside = records
    .slice(Math.max(0, at - NEAR), at)
    .filter((each) => each.nextSibling === node || each.previousSibling === node);
  const inGap = records
    .slice(at + 1, at + 1 + NEAR)
    .filter(
      ({ target, previousSibling, nextSibling }) =>
        target === record.target &&
        previousSibling === record.previousSibling &&
        nextSibling === record.nextSibling,
    );
  // One change that takes a node and puts another has no need of a second look.
  const changes = record.addedNodes.length > 0 ? [record] : [...beside, ...inGap];
  const candidates = changes.flatMap(({ addedNodes }) => [...addedNodes]);
  const isFree = (each: Node) => each !== node && !taken.has(each) && isForeign(each);
  return (candidates.find(isFree) as ChildNode | undefined) ?? null;
}

/** An element that is not React's: React marks each of its own. */
function isForeign(node: Node): boolean {
  return (
    node.nodeType === Node.ELEMENT_NODE &&
    !Object.keys(node).some((key) => key.startsWith('__reactFiber$'))
  );
}
