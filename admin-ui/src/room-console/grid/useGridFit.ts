import { type RefObject, useLayoutEffect, useState } from 'react';
import useMediaQuery from '@mui/material/useMediaQuery';
import { gridSize, type GridSize, headHeight, ROW_HEIGHT } from './GridFrame';

/** Fits the columns and the height of a row to the room there is. */
export function useGridFit(element: RefObject<HTMLElement | null>) {
  const isCoarse = useMediaQuery('(pointer: coarse)', { noSsr: true });
  const [size, setSize] = useState<GridSize>('large');
  useLayoutEffect(() => {
    const frame = element.current;
    if (!frame) return undefined;
    const fit = () => setSize(gridSize(frame.clientWidth));
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(frame);
    return () => observer.disconnect();
  }, [element]);
  const isShort = useMediaQuery('(max-height: 520px)', { noSsr: true }) && size !== 'narrow';
  return {
    size,
    isShort,
    rowHeight:
      ROW_HEIGHT[size === 'narrow' ? size : isCoarse ? 'coarse' : isShort ? 'short' : 'fine'],
    headHeight: headHeight(size, isShort),
  };
}
