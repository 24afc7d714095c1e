/**
 * A finger that pulls a row to one side. The browser itself scrolls up and down (`touch-action`) and
 * then cancels the pointer. Only the row is moved from here; React draws again only when what
 * letting go would do changes.
 */

export type Side = 'right' | 'left';

/** Less than this is a tap that trembles. */
const SLOP = 10;
/** Let go here, it is done; before it, nothing is. As wide as the words beneath the row. */
export const FAR = 128;
/** Past it the row follows slowly: there is nothing more to be reached. */
const SLOWLY = 0.3;
const BACK_MS = 150;

/** What a finger means that has moved so far. Whatever is not clearly sideways is no pull. */
export function intentOf(dx: number, dy: number): 'unknown' | 'scroll' | 'pull' {
  if (Math.hypot(dx, dy) < SLOP) return 'unknown';
  return Math.abs(dx) > 1.5 * Math.abs(dy) ? 'pull' : 'scroll';
}

export interface Pull {
  side: Side;
  isFar: boolean;
  /** How far the row is moved. */
  offset: number;
}

export function pullOf(dx: number): Pull {
  const way = Math.abs(dx);
  const shown = Math.min(way, FAR) + SLOWLY * Math.max(0, way - FAR);
  return {
    side: dx < 0 ? 'left' : 'right',
    isFar: way >= FAR,
    offset: Math.round(Math.sign(dx) * shown),
  };
}

export interface Pulled {
  identity: string;
  row: HTMLElement;
  side: Side;
  isFar: boolean;
}

export interface SwipeHandlers {
  /** Whether the row that was just touched had been there long enough to be meant. */
  isSettled: () => boolean;
  /** It was pulled far enough, but the list had moved under the finger. */
  onMoved: () => void;
  /** A row is pulled, to another side than before, or past the point or back before it. */
  onPull: (pulled: Pulled) => void;
  /** It was let go far enough. */
  onDone: (pulled: Pulled) => void;
  /** It is back in its place. */
  onBack: () => void;
}

interface Finger {
  id: number;
  x: number;
  y: number;
  row: HTMLElement;
  identity: string;
  isSettled: boolean;
  pull: Pull | null;
}

/** Listens to the whole list. Returns a function that stops it. */
export function watchSwipes(grid: HTMLElement, handlers: SwipeHandlers): () => void {
  let finger: Finger | null = null;
  let following = new AbortController();
  let hasPulled = false;
  let settle = () => {};

  const pulledBy = ({ row, identity }: Finger, { side, isFar }: Pull): Pulled => {
    return { row, identity, side, isFar };
  };

  const letGo = (isMeant: boolean) => {
    const gone = finger;
    finger = null;
    following.abort();
    if (!gone?.pull) return;
    const { row, identity, pull } = gone;
    // The element may show another person by now, and nobody pulled that row.
    const isSame = row.isConnected && row.dataset.identity === identity;
    if (isMeant && pull.isFar) {
      if (isSame && gone.isSettled) handlers.onDone(pulledBy(gone, pull));
      else handlers.onMoved();
    }
    settle = moveBack(row, pull.offset, handlers.onBack);
  };

  const onMove = (event: PointerEvent) => {
    if (!finger || event.pointerId !== finger.id) return;
    if (!finger.pull) {
      const intent = intentOf(event.clientX - finger.x, event.clientY - finger.y);
      if (intent === 'scroll') letGo(false);
      if (intent !== 'pull') return;
      // From here on, so that the row does not jump; a step behind, because the side is known.
      finger.x = event.clientX - Math.sign(event.clientX - finger.x);
      hasPulled = true;
      settle();
      finger.row.dataset.pulled = '';
    }
    const before = finger.pull;
    const pull = pullOf(event.clientX - finger.x);
    finger.pull = pull;
    finger.row.style.translate = `${pull.offset}px`;
    if (before?.side !== pull.side || before.isFar !== pull.isFar) {
      handlers.onPull(pulledBy(finger, pull));
    }
  };

  const onDown = (event: PointerEvent) => {
    letGo(false);
    hasPulled = false;
    if (event.pointerType !== 'touch' || !event.isPrimary) return;
    const row = (event.target as Element).closest<HTMLElement>('[data-identity]');
    if (!row) return;
    const { pointerId: id, clientX: x, clientY: y } = event;
    const { identity = '' } = row.dataset;
    finger = { id, x, y, row, identity, isSettled: handlers.isSettled(), pull: null };
    following = new AbortController();
    const { signal } = following;
    const drop = () => letGo(false);
    window.addEventListener('pointermove', onMove, { signal });
    window.addEventListener('pointerup', (up) => letGo(up.pointerId === id), { signal });
    window.addEventListener('pointercancel', drop, { signal });
    // A second finger means something else.
    window.addEventListener('pointerdown', (other) => other.pointerId !== id && drop(), { signal });
    grid.addEventListener('scroll', drop, { signal, passive: true });
  };

  /** The click after a pull is not a tap. */
  const onClick = (event: MouseEvent) => {
    if (!hasPulled || (event as PointerEvent).pointerType !== 'touch') return;
    hasPulled = false;
    event.preventDefault();
    event.stopPropagation();
  };

  grid.addEventListener('pointerdown', onDown);
  grid.addEventListener('click', onClick, { capture: true });
  return () => {
    letGo(false);
    settle();
    grid.removeEventListener('pointerdown', onDown);
    grid.removeEventListener('click', onClick, { capture: true });
  };
}

/** Returns a function that ends the movement at once. */
function moveBack(row: HTMLElement, offset: number, onBack: () => void): () => void {
  row.style.translate = '';
  const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const move = row.animate([{ translate: `${offset}px` }, { translate: '0px' }], {
    duration: isStill ? 0 : BACK_MS,
    easing: 'ease-out',
  });
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    move.cancel();
    delete row.dataset.pulled;
    onBack();
  };
  move.finished.then(end, end);
  return end;
}
