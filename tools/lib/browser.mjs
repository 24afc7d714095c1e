import { spawn } from 'node:child_process';
import { findOnPath } from './livekit-install.mjs';

/** Opens `address` in the person's browser. Resolves to whether there was a program to do so. */
export function openBrowser(address) {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  if (!findOnPath(program)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(program, [address], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
