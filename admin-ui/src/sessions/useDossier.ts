import { useEffect, useRef, useState } from 'react';
import { download, path } from '../api/httpClient';

export type DossierState =
  | { at: 'idle' }
  | { at: 'making' }
  | { at: 'coming'; bytes: number }
  | { at: 'saved'; name: string }
  | { at: 'failed'; error: unknown };

/** Downloads dossiers of one session, one at a time. */
export function useDossier(room: string, session: string) {
  const [state, setState] = useState<DossierState>({ at: 'idle' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const isBusy = state.at === 'making' || state.at === 'coming';

  const start = async (whom?: string) => {
    if (isBusy) return;
    const controller = new AbortController();
    running.current = controller;
    const { signal } = controller;
    setState({ at: 'making' });
    try {
      const { name, blob } = await download(`${path('rooms', room, 'sessions', session)}/dossier`, {
        query: { for: whom },
        signal,
        onBytes: (bytes) => setState({ at: 'coming', bytes }),
      });
      save(name, blob);
      setState({ at: 'saved', name });
    } catch (error) {
      if (!signal.aborted) setState({ at: 'failed', error });
    }
  };
  return { state, isBusy, start };
}

function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
