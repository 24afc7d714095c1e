import { useEffect } from 'react';

/** Ctrl+S saves, Ctrl+Enter opens the publish dialog; ⌘ does the same on a Mac. */
export function useSaveKeys({
  onSave,
  onPublish,
}: Record<'onSave' | 'onPublish', (() => void) | null>) {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const act = event.key === 's' ? onSave : event.key === 'Enter' ? onPublish : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act?.();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [onSave, onPublish]);
}
