import { useHotkeys } from 'react-hotkeys-hook';

/** Keys of the whole page; those of the list are in the list. */
export function useLogKeys({ onZone }: { onZone: () => void }) {
  useHotkeys('u', onZone, { useKey: true, preventDefault: true });
}
