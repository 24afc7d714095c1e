import { useCallback, useEffect, useRef, useState } from 'react';
import type { VerifyFailure, VerifyMessage, VerifyRequest, VerifyResult } from './verification';

export type Verification =
  | { state: 'idle' }
  | { state: 'running'; progress: Extract<VerifyMessage, { type: 'progress' }> | null }
  | { state: 'done'; result: VerifyResult }
  | { state: 'failed'; failure: VerifyFailure; detail: string };

/** One run at a time, in a worker that ends with it, with the page, or when it is cancelled. */
export function useVerification(onDone: (result: VerifyResult, request: VerifyRequest) => void) {
  const [verification, setVerification] = useState<Verification>({ state: 'idle' });
  const worker = useRef<Worker | null>(null);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });

  const end = useCallback(() => {
    worker.current?.terminate();
    worker.current = null;
  }, []);
  useEffect(() => end, [end]);

  const start = useCallback(
    (request: VerifyRequest) => {
      end();
      setVerification({ state: 'running', progress: null });
      const running = new Worker(new URL('./verify.worker.ts', import.meta.url), {
        type: 'module',
      });
      worker.current = running;
      running.onmessage = ({ data }: MessageEvent<VerifyMessage>) => {
        if (worker.current !== running) return;
        if (data.type === 'progress') {
          setVerification({ state: 'running', progress: data });
          return;
        }
        end();
        if (data.type === 'failed') {
          setVerification({ state: 'failed', failure: data.failure, detail: data.detail });
          return;
        }
        setVerification({ state: 'done', result: data.result });
        done.current(data.result, request);
      };
      running.onerror = ({ message }) => {
        if (worker.current !== running) return;
        end();
        setVerification({ state: 'failed', failure: 'unreachable', detail: message ?? '' });
      };
      running.postMessage(request);
    },
    [end],
  );

  const cancel = useCallback(() => {
    end();
    setVerification({ state: 'idle' });
  }, [end]);

  return { verification, start, cancel };
}
