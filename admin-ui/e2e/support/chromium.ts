import { type Browser, chromium } from 'playwright-core';

/**
 * The Chromium of this machine, without a window. Its camera and microphone are synthetic and
 * always allowed; five small frames a second leave the two cores of a test machine free.
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM;
  if (!executablePath) throw new Error('CHROMIUM does not name a browser; npm test finds one');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream=fps=5',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      // Lets media reach a LiveKit server on a machine whose only interface is loopback.
      '--allow-loopback-in-peer-connection',
    ],
  });
}
