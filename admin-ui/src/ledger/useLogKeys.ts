import { useHotkeys } from 'react-hotkeys-hook';

/** Keys of the whole page; those of the list are in the list. */
export function useLogKeys({ onZone, onRefused }: { onZone: () => void; onRefused?: () => void }) {
  useHotkeys('u', onZone, { useKey: true, preventDefault: true });
  useHotkeys('d', () => onRefused?.(), {
    useKey: true,
    preventDefault: true,
    enabled: onRefused !== undefined,
  });
}
