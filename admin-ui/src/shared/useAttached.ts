import { useEffect, useRef } from 'react';
import type { Track } from 'livekit-client';

/** A media element that plays the track for as long as both are there. */
export function useAttached<Element extends HTMLMediaElement>(track: Track) {
  const element = useRef<Element>(null);
  useEffect(() => {
    const attachedTo = element.current;
    if (!attachedTo) return;
    track.attach(attachedTo);
    return () => {
      track.detach(attachedTo);
    };
  }, [track]);
  return element;
}
