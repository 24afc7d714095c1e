import { useEffect, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { ShiftGuard } from './shiftGuard';
import type { ShowNotice } from '../notices/useNotices';

/** Refuses presses on what has just moved, and says so. */
export function useShiftGuard(showNotice: ShowNotice): ShiftGuard {
  const translate = useTranslate();
  const refuse = () => showNotice(translate('room_console.moved'), 'bad');
  const latest = useRef(refuse);
  useEffect(() => {
    latest.current = refuse;
  });
  const [guard] = useState(() => new ShiftGuard());
  useEffect(() => guard.watch(() => latest.current()), [guard]);
  return guard;
}
