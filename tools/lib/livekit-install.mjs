/*
 * Where a livekit-server comes from: the PATH, the copy that is kept, LiveKit's own release, the
 * image of that release, or Go.
 */
import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { PlainError, tail } from './errors.mjs';
import {
  installRelease,
  LIVEKIT_IMAGE,
  LIVEKIT_VERSION,
  releaseArchive,
} from './livekit-release.mjs';
import { withLock } from './lock.mjs';
import { asWorker, endAbandoned, signalProcess } from './processes.mjs';
import { withoutSecrets } from './settings.mjs';

const MODULE = 'github.com/livekit/livekit-server/cmd/server';
const BUILD_LIMIT_MS = 15 * 60_000;
const IMAGE_LIMIT_MS = 10 * 60_000;

const keptIn = (home) => join(resolve(home), 'bin', 'livekit-server');

/** The path of a livekit-server that is at hand: on the PATH, else kept in `home`, else null. */
export function findLiveKitAtHand(home) {
  const onPath = findOnPath('livekit-server');
  if (onPath) return onPath;
  return isExecutable(keptIn(home)) ? keptIn(home) : null;
}

/**
 * One that is at hand, else (with `build`) built with Go and kept. Null when there is none; `log` is
 * then told why, in a sentence. For tests, which download nothing else.
 */
export async function findLiveKitServer({
  home,
  build = true,
  log = () => {},
  onProgress = () => {},
}) {
  const atHand = findLiveKitAtHand(home);
  if (atHand || !build) return atHand;
  if (!findOnPath('go')) {
    log('there is no livekit-server on the PATH, and no Go to build one with');
    return null;
  }
  return keeping(home, onProgress, async (kept) => {
    try {
      return await buildWithGo(kept, (text) => onProgress(text));
    } catch (error) {
      log(error.message);
      return null;
    }
  });
}

/**
 * Gets a livekit-server and keeps it in `home`: from LiveKit's release, else from its image where
 * there is Docker, else built with Go, which begins only when `whenIdle` resolves. `onProgress` is
 * told `{ text, percent }`. Resolves to its path; throws a PlainError with every cause.
 */
export function installLiveKit({
  home,
  environment = process.env,
  whenIdle = () => Promise.resolve(),
  onProgress = () => {},
}) {
  const { ROLECALL_LIVEKIT_ARCHIVE: source, ROLECALL_LIVEKIT_SHA256: sha256 } = environment;
  const ways = [
    {
      name: 'Download',
      isThere: () => source !== 'off' || 'ROLECALL_LIVEKIT_ARCHIVE is off',
      get: (kept) =>
        installRelease(kept, {
          archive: releaseArchive({ source: source || undefined, sha256: sha256 || undefined }),
          onProgress: (at) => onProgress(describeDownload(at)),
        }),
    },
    {
      name: 'Docker',
      // An image holds a program for Linux, which runs here without a container.
      isThere: () => {
        if (process.platform !== 'linux') return 'its image is for Linux only';
        return findOnPath('docker') ? true : 'not installed';
      },
      get: (kept) => takeFromImage(kept, (text) => onProgress({ text, percent: null })),
    },
    {
      name: 'Go',
      isThere: () => (findOnPath('go') ? true : 'not installed'),
      get: async (kept) => {
        await whenIdle();
        return buildWithGo(kept, (text) =>
          onProgress({ text: `building with Go: ${text}`, percent: null }),
        );
      },
    },
  ];
  return keeping(
    home,
    (text) => onProgress({ text, percent: null }),
    async (kept) => {
      const causes = [];
      let hint;
      for (const { name, isThere, get } of ways) {
        const there = isThere();
        if (there !== true) {
          causes.push(`${name}: ${there}`);
          continue;
        }
        try {
          return await get(kept);
        } catch (error) {
          if (!(error instanceof PlainError)) throw error;
          causes.push(`${name}: ${error.message}`);
          hint ??= error.hint;
        }
      }
      throw new PlainError(
        causes.join('. '),
        [
          hint,
          'Or put a livekit-server on the PATH, or set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.',
        ]
          .filter(Boolean)
          .join(' '),
      );
    },
  );
}

/** One at a time in `home`; whoever waited takes what the other one got. */
function keeping(home, onWait, work) {
  const kept = keptIn(home);
  return withLock(
    join(kept, '..', 'build.lock'),
    () => (isExecutable(kept) ? kept : work(kept)),
    () => onWait('waiting for another installation'),
  );
}

function describeDownload({ received, total, isWaiting }) {
  const mb = (bytes) => (bytes / 1_000_000).toFixed(1);
  const percent = total ? Math.min(99, Math.floor((100 * received) / total)) : null;
  const amount = total ? `${mb(received)} of ${mb(total)} MB` : `${mb(received)} MB`;
  return { text: `${isWaiting ? 'downloading again' : 'downloading'}, ${amount}`, percent };
}

/** The path of a program on the PATH, or null. */
export function findOnPath(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    if (folder && isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Docker brings the program; it then runs like any other one. */
async function takeFromImage(kept, onProgress) {
  const unfinished = `${kept}.unfinished`;
  const docker = (...args) =>
    run('docker', args, { note: join(kept, '..', 'build.json'), limitMs: IMAGE_LIMIT_MS });
  onProgress('asking Docker');
  await docker('info', '--format', '{{.ServerVersion}}');
  onProgress('Docker pulls its image');
  await docker('pull', '--quiet', LIVEKIT_IMAGE);
  const container = (await docker('create', LIVEKIT_IMAGE)).trim().split('\n').at(-1);
  try {
    await docker('cp', `${container}:/livekit-server`, unfinished);
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, kept);
    return kept;
  } finally {
    rmSync(unfinished, { force: true });
    await docker('rm', '--force', container).catch(() => {});
  }
}

async function buildWithGo(kept, onProgress) {
  const output = join(kept, '..', 'unfinished');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true, mode: 0o700 });
  onProgress('looking for its modules');
  const counts = { downloaded: 0, compiled: 0 };
  try {
    await run('go', ['install', '-v', '-trimpath', `${MODULE}@${LIVEKIT_VERSION}`], {
      note: join(kept, '..', 'build.json'),
      limitMs: BUILD_LIMIT_MS,
      env: { GOBIN: output, CGO_ENABLED: '0' },
      onLine: (line) => {
        if (line.startsWith('go: downloading')) counts.downloaded += 1;
        else if (/^[\w.-]+(\/[\w.-]+)*$/.test(line)) counts.compiled += 1;
        onProgress(
          counts.compiled > 0
            ? `${counts.compiled} packages compiled`
            : `${counts.downloaded} modules downloaded`,
        );
      },
    });
    const built = join(output, 'server');
    if (!existsSync(built)) throw new PlainError('it ended without a program');
    // Moved when whole, so a build that was cut short is never taken for a server.
    renameSync(built, kept);
    return kept;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Resolves to what it printed on stdout; throws a PlainError with the end of the rest. */
async function run(command, args, { note, limitMs, env = {}, onLine = () => {} }) {
  await endAbandoned(note);
  return new Promise((resolve, reject) => {
    const child = asWorker(
      spawn(command, args, {
        env: { ...withoutSecrets(process.env), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
      note,
    );
    let output = '';
    let errors = '';
    const timer = setTimeout(() => signalProcess(-child.pid, 'SIGKILL'), limitMs);
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      errors = (errors + chunk).slice(-20_000);
      for (const line of chunk.split('\n')) if (line) onLine(line);
    });
    child.once('error', (error) => reject(new PlainError(error.message)));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const reason = errors
        .split('\n')
        .filter((line) => line && !/^go: (downloading|finding)/.test(line));
      reject(
        new PlainError(
          tail(reason.join('\n'), 2).replaceAll('\n', ' ') || `ended (${signal ?? code})`,
        ),
      );
    });
  });
}
