/**
 * Refuses a press on something that has just moved under the pointer. It remembers where each target
 * was painted, and compares what is at the point now with what was there a moment before.
 */

/** The time that a hand needs to stop after the eye saw something move. */
export const SETTLE_MS = 300;
/** While the user scrolls, or only texts change, targets are read less often. A press reads again. */
const CALM_MS = 100;

const KEPT_MS = 3_000;

const PRESSABLE =
  'button, a[href], label, [role=menuitem], [role=option], [role=checkbox], [data-identity], .pick';
/** Dialogs and menus cover the page, also where they have nothing to press. */
const OVERLAY = '.MuiModal-root';
const OVERLAY_PAPER = '.MuiModal-root [role=dialog]';
const TARGETS = `${PRESSABLE}, ${OVERLAY_PAPER}`;

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Target extends Box {
  element: Element;
  /** What a press on it means: the person and the label. */
  meaning: string;
  person: string;
  overlay: Element | null;
  /** Kept from that moment: the element may now be gone, or show another person. */
  isInRow: boolean;
}

/** The targets in a row, relative to its corner. */
interface RowContent {
  width: number;
  height: number;
  targets: readonly Target[];
}

/** Reading positions forces layout, so a row is read again only after a change in it. */
type RowCache = WeakMap<Element, RowContent>;

interface Snapshot {
  at: number;
  targets: readonly Target[];
}

interface Press {
  meaning: string | null;
  isSettled: boolean;
  isSamePerson: boolean;
}

/** A swipe is about a row, a press about one target in it. */
type Aspect = 'meaning' | 'person';

export class ShiftGuard {
  private snapshots: Snapshot[] = [];
  private press: Press | null = null;
  private frame: number | null = null;
  private lastReadAt = -Infinity;
  private scrolledAt = -Infinity;
  /** Something moved, appeared or went since the last reading. */
  private isShifted = true;
  private onRefused = () => {};
  private rows: RowCache = new WeakMap();

  /** Whether the row under the last press had shown the same person for long enough. */
  readonly isPressSettled = (): boolean => this.press?.isSamePerson ?? true;

  /** Starts watching the whole document, because menus and dialogs are outside the page's tree. */
  watch(onRefused: () => void): () => void {
    this.onRefused = onRefused;
    const mutations = new MutationObserver(this.onMutations);
    mutations.observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ['style', 'class', 'hidden', 'aria-label', 'data-about', 'data-identity'],
    });
    // The page also scrolls the list to keep rows in place; only scrolling by hand means no aim.
    const onHandScroll = () => {
      this.scrolledAt = performance.now();
    };
    const quiet = { capture: true, passive: true };
    window.addEventListener('scroll', this.readSoon, quiet);
    window.addEventListener('wheel', onHandScroll, quiet);
    window.addEventListener('touchmove', onHandScroll, quiet);
    window.addEventListener('resize', this.onResize, quiet);
    window.addEventListener('pointerdown', this.onDown, quiet);
    window.addEventListener('click', this.onClick, true);
    this.readSoon();
    return () => {
      mutations.disconnect();
      window.removeEventListener('scroll', this.readSoon, true);
      window.removeEventListener('wheel', onHandScroll, true);
      window.removeEventListener('touchmove', onHandScroll, true);
      window.removeEventListener('resize', this.onResize, true);
      window.removeEventListener('pointerdown', this.onDown, true);
      window.removeEventListener('click', this.onClick, true);
      if (this.frame !== null) cancelAnimationFrame(this.frame);
      this.frame = null;
    };
  }

  private readonly readSoon = () => {
    this.frame ??= requestAnimationFrame(this.onFrame);
  };

  private readonly onMutations = (records: readonly MutationRecord[]) => {
    for (const { target, type, attributeName } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      const row = element?.closest('[data-identity]');
      const isOnlyMoved = element === row && type === 'attributes' && attributeName === 'style';
      if (row && !isOnlyMoved) this.rows.delete(row);
      if (!row || element === row) this.isShifted = true;
    }
    this.readSoon();
  };

  private readonly onResize = () => {
    this.rows = new WeakMap();
    this.isShifted = true;
    this.readSoon();
  };

  private readonly onFrame = (now: number) => {
    this.frame = null;
    const isCalm = !this.isShifted || now - this.scrolledAt < CALM_MS;
    if (isCalm && now - this.lastReadAt < CALM_MS) {
      this.readSoon();
      return;
    }
    this.read();
  };

  private readonly onDown = (event: PointerEvent) => {
    const target = pressableOf(event.target);
    this.press = {
      meaning: target && meaningOf(target),
      isSettled: this.isSettled(event, target),
      isSamePerson: this.isSettled(event, target, 'person'),
    };
  };

  private readonly onClick = (event: MouseEvent) => {
    const { press } = this;
    this.press = null;
    const target = pressableOf(event.target);
    const isSame = !press || press.meaning === (target && meaningOf(target));
    if (isSame && (press?.isSettled ?? true) && this.isSettled(event, target)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.onRefused();
  };

  private isSettled(
    event: MouseEvent,
    target: Element | null,
    aspect: Aspect = 'meaning',
  ): boolean {
    const since = event.timeStamp - SETTLE_MS;
    const recent = this.snapshots.filter(({ at }, n) => {
      const next = this.snapshots[n + 1];
      return at > since || !next || next.at > since;
    });
    // Keys and assistive technology press an element, not a point.
    if (event.type === 'click' && event.detail === 0) {
      return recent.every(({ targets }) => hadMeaning(targets, target));
    }
    const { clientX: x, clientY: y } = event;
    // Not remembered: nobody has seen what is not painted yet.
    const now = targetAt(readTargets(), x, y);
    return recent.every(({ targets }) =>
      isStill(targets, targetAt(targets, x, y), now, target, aspect),
    );
  }

  /** The targets of the next paint. */
  private read(): void {
    this.lastReadAt = performance.now();
    this.isShifted = false;
    const targets = readTargets(this.rows);
    const newest = this.snapshots.at(-1);
    if (newest && isSame(newest.targets, targets)) return;
    const at = this.lastReadAt;
    // The last snapshot before the period is its start: a busy page gets events late.
    const first = this.snapshots.findLastIndex((each) => each.at < at - KEPT_MS);
    this.snapshots = [...this.snapshots.slice(Math.max(0, first)), { at, targets }];
  }
}

const targetAt = (targets: readonly Target[], x: number, y: number) =>
  targets.findLast((each) => isInside(each, x, y));

/** Whether a press means the same as it would have with these targets. */
function isStill(
  targets: readonly Target[],
  before: Target | undefined,
  now: Target | undefined,
  pressed: Element | null,
  aspect: Aspect,
): boolean {
  // Nobody aims at an empty place, and nobody means a target that has just appeared there.
  if (!before) return !now || !(now.isInRow || now.element.closest('[data-unasked]'));
  // A press on nothing is harmless; after one aimed at a row, the page says why nothing happened.
  if (!now || !pressed) return before.meaning === now?.meaning || !before.isInRow;
  // An overlay that the user opened is expected; one that opens by itself is not.
  const { overlay } = now;
  const isNew = overlay !== null && !targets.some((each) => each.overlay === overlay);
  if (isNew && !now.element.closest('[data-unasked]')) return true;
  return before[aspect] === now[aspect];
}

function hadMeaning(targets: readonly Target[], target: Element | null): boolean {
  const before = targets.find(({ element }) => element === target);
  return !before || !target || before.meaning === meaningOf(target);
}

const pressableOf = (target: EventTarget | null): Element | null =>
  target instanceof Element ? target.closest(TARGETS) : null;

/** Without numbers: a countdown does not change what a button does. */
function personOf(element: Element): string {
  const about = element.closest<HTMLElement>('[data-identity], [data-about]')?.dataset;
  return about?.identity ?? about?.about ?? '';
}

function meaningOf(element: Element, person = personOf(element), isInRow = false): string {
  if (element.matches('[data-identity]')) return `row ${person}`;
  const dialog = isInRow ? null : element.closest('[role=dialog]');
  // The first line of a menu item says what it does; the rest comes from the server later.
  const said = element.matches('[role=menuitem]')
    ? (element.firstElementChild ?? element)
    : element;
  const words = element === dialog ? '' : (said.getAttribute('aria-label') ?? said.textContent);
  return `${person} ${dialog ? titleOf(dialog) : ''} ${words.replace(/\d+/g, '')}`;
}

function titleOf(dialog: Element): string {
  const id = dialog.getAttribute('aria-labelledby');
  const label = dialog.getAttribute('aria-label');
  return label ?? (id === null ? '' : (document.getElementById(id)?.textContent ?? ''));
}

/** Without a cache every position is read. */
function readTargets(rows: RowCache = new WeakMap()): Target[] {
  const grid = document.querySelector('.grid');
  const frame = grid && {
    top: grid.querySelector('.head')?.getBoundingClientRect().bottom ?? -Infinity,
    bottom: grid.getBoundingClientRect().bottom,
  };
  const found: Target[] = [];
  const isAnyOverlay = document.querySelector(OVERLAY) !== null;
  let row: HTMLElement | null = null;
  for (const element of document.querySelectorAll<HTMLElement>(TARGETS)) {
    // A row comes before its content, so most targets need no search for their row.
    if (element.dataset.identity !== undefined) {
      row = element;
      found.push(...targetsOfRow(row, rows, frame));
      continue;
    }
    if (row?.contains(element)) continue;
    row = null;
    const overlay = isAnyOverlay ? element.closest(OVERLAY) : null;
    const { left, top, right, bottom } = overlay
      ? laidOutAt(element, overlay)
      : element.getBoundingClientRect();
    if (right <= left || bottom <= top) continue;
    const person = personOf(element);
    const meaning = meaningOf(element, person);
    found.push({ element, overlay, isInRow: false, person, meaning, left, top, right, bottom });
  }
  return found;
}

/** The row and its targets, as far as the grid shows them. */
function targetsOfRow(
  row: HTMLElement,
  rows: RowCache,
  frame: Pick<Box, 'top' | 'bottom'> | null,
): Target[] {
  const { left: x, top: y, width, height } = row.getBoundingClientRect();
  let content = rows.get(row);
  if (content?.width !== width || content.height !== height) {
    const person = row.dataset.identity ?? '';
    const elements = [row, ...row.querySelectorAll<HTMLElement>(TARGETS)];
    const targets = elements.map((element): Target => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const meaning = meaningOf(element, person, true);
      const box = { left: left - x, top: top - y, right: right - x, bottom: bottom - y };
      return { element, overlay: null, isInRow: true, person, meaning, ...box };
    });
    content = { width, height, targets };
    rows.set(row, content);
  }
  const found: Target[] = [];
  for (const target of content.targets) {
    const [left, right] = [target.left + x, target.right + x];
    // Rows are drawn somewhat beyond the visible part.
    const top = Math.max(target.top + y, frame?.top ?? -Infinity);
    const bottom = Math.min(target.bottom + y, frame?.bottom ?? Infinity);
    if (right > left && bottom > top) found.push({ ...target, left, top, right, bottom });
  }
  return found;
}

/** The final position: overlays open with a transition, which is no shift. */
function laidOutAt(element: Element, overlay: Element): Box {
  let [left, top] = [0, 0];
  let offsetParent: Element | null = element;
  for (let each: Element | null = element; each && each !== overlay; each = each.parentElement) {
    if (!(each instanceof HTMLElement)) continue;
    if (each === offsetParent) {
      left += each.offsetLeft;
      top += each.offsetTop;
      offsetParent = each.offsetParent;
    }
    if (each !== element) {
      left -= each.scrollLeft;
      top -= each.scrollTop;
    }
  }
  const { offsetWidth, offsetHeight } = element as HTMLElement;
  return { left, top, right: left + offsetWidth, bottom: top + offsetHeight };
}

const isInside = ({ left, top, right, bottom }: Box, x: number, y: number) =>
  left <= x && x < right && top <= y && y < bottom;

const isSame = (a: readonly Target[], b: readonly Target[]) =>
  a.length === b.length &&
  a.every((one, n) => {
    const other = b[n]!;
    return (
      one.element === other.element &&
      one.meaning === other.meaning &&
      one.left === other.left &&
      one.top === other.top &&
      one.right === other.right &&
      one.bottom === other.bottom
    );
  });
