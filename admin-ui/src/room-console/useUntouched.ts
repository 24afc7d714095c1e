import { useCallback, useEffect, useRef } from 'react';

/**
 * Whether nobody has moved the focus since the page was opened. The element that has it by then is
 * only what was pressed on the page before, as a link of the navigation.
 */
export function useUntouched(): () => boolean {
  const isUntouched = useRef(true);
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'Tab') isUntouched.current = false;
    };
    const onPress = () => {
      isUntouched.current = false;
    };
    window.addEventListener('keydown', onKey, true);
    window.addEventListener('pointerdown', onPress, true);
    return () => {
      window.removeEventListener('keydown', onKey, true);
      window.removeEventListener('pointerdown', onPress, true);
    };
  }, []);
  return useCallback(() => isUntouched.current, []);
}
