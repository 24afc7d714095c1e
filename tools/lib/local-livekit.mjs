import { setTimeout as delay } from 'node:timers/promises';
import { PlainError } from './errors.mjs';
import { findLiveKitAtHand, installLiveKit } from './livekit-install.mjs';
import { LIVEKIT_VERSION } from './livekit-release.mjs';
import { liveKitVersion, startLiveKit } from './livekit.mjs';
import { freeTcpPort, freeUdpPort } from './ports.mjs';
import { liveKitSettings } from './settings.mjs';

/** A network that is away for a moment is soon tried again, one that is closed not all the time. */
const RETRIES_MS = [30_000, 120_000, 600_000, 1_800_000];

/**
 * The LiveKit server of an instance. Its ports are chosen before there is a program, so that the
 * server knows where LiveKit will be and needs no restart when it comes.
 *
 * `onInstall` is told how an installation goes: `{ state: 'installing', text, percent }`,
 * `{ state: 'failed', text, hint, retryAt }`, or null once LiveKit runs.
 */
export async function prepareLocalLiveKit({
  instance,
  environment,
  webhookUrl,
  onSpawn,
  onExit,
  onInstall,
}) {
  const remembered = instance.ports().livekit ?? {};
  const ports = {
    http: await freeTcpPort(remembered.http),
    udp: await freeUdpPort(remembered.udp),
  };
  instance.rememberPorts({ livekit: ports });
  const settings = liveKitSettings(instance.secrets(), environment, ports.http);

  async function start(bin) {
    const handle = await startLiveKit({
      bin,
      dir: instance.livekitFolder,
      key: settings.LIVEKIT_API_KEY,
      secret: settings.LIVEKIT_API_SECRET,
      webhookUrl,
      port: ports.http,
      udpPort: ports.udp,
      onSpawn,
      onExit,
    });
    if (handle.http !== ports.http) {
      await handle.stop();
      throw new PlainError(
        `Port ${ports.http}, which was free for LiveKit, is in use now.`,
        'Start again.',
      );
    }
    return { handle, text: `${liveKitVersion(bin) ?? ''} on 127.0.0.1:${ports.http}`.trim() };
  }

  return {
    settings,

    /** Starts the program that is at hand. Null when one has to be installed first. */
    async startAtHand() {
      const bin = findLiveKitAtHand(instance.home);
      return bin ? start(bin) : null;
    },

    /** Installs one and starts it, for as long as it takes. Rejects only when `signal` is aborted. */
    async install({ whenIdle, signal, onFailure }) {
      const since = new Date().toISOString();
      for (let failures = 0; ; failures += 1) {
        const tell = ({ text, percent }) =>
          onInstall({ state: 'installing', version: LIVEKIT_VERSION, text, percent, since });
        try {
          tell({ text: 'starting', percent: null });
          const bin = await installLiveKit({
            home: instance.home,
            environment,
            whenIdle,
            onProgress: tell,
          });
          signal.throwIfAborted();
          const started = await start(bin);
          onInstall(null);
          return started;
        } catch (error) {
          signal.throwIfAborted();
          const pause = RETRIES_MS[Math.min(failures, RETRIES_MS.length - 1)];
          onInstall({
            state: 'failed',
            version: LIVEKIT_VERSION,
            text: error.message,
            hint: error.hint ?? null,
            retryAt: new Date(Date.now() + pause).toISOString(),
            since,
          });
          onFailure({ error, pause, isFirst: failures === 0 });
          await delay(pause, undefined, { signal });
        }
      }
    },
  };
}
