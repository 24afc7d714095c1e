import { useCallback, useState } from 'react';

/**
 * Whom the moderator sees and hears; null: nobody. It is one person, who is the one that the panel
 * is about: going on to another, or closing it, ends the look.
 */
export function usePeeking(shown: { active: string | null; isPanelOpen: boolean }) {
  const [peeking, setPeeking] = useState<string | null>(null);
  const isOver = peeking !== null && !(shown.isPanelOpen && shown.active === peeking);
  // Else the look would begin again by itself when they are shown again.
  if (isOver) setPeeking(null);
  const stopPeeking = useCallback(() => setPeeking(null), []);
  return { peeking: isOver ? null : peeking, peekAt: setPeeking, stopPeeking };
}
