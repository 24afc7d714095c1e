import type { VerifyMessage, VerifyRequest } from './verification';
import { VerifyError } from './VerifyError';
import { verifyLog } from './verifyLog';

const tell = (message: VerifyMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<VerifyRequest>) => {
  verifyLog(data, tell).then(
    (result) => tell({ type: 'done', result }),
    (error: unknown) => {
      const failure = error instanceof VerifyError ? error.failure : 'unreachable';
      tell({ type: 'failed', failure, detail: error instanceof Error ? error.message : '' });
    },
  );
};
