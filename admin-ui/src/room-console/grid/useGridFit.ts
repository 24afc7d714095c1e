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
  const rowHeight =
    size === 'narrow' ? ROW_HEIGHT.narrow : isCoarse ? ROW_HEIGHT.coarse : ROW_HEIGHT.fine;
  return { size, rowHeight, headHeight: headHeight(size) };
}
