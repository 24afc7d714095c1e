/*
 * LiveKit's own releases: what they hold for which machine, and the sums that a download must have.
 * The sums are those of `checksums.txt` of the release; decision 0031 says how they were checked.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { extractFile } from './archive.mjs';
import { download, fullDisk, isFullDisk, shown } from './download.mjs';
import { PlainError } from './errors.mjs';

/** The version that Rolecall is tested with. */
export const LIVEKIT_VERSION = 'v1.13.5';
export const LIVEKIT_IMAGE =
  'livekit/livekit-server:v1.13.5@sha256:3497163e15c48fef6e7830c78716f9e9d5edc28abf7aa90b61c86e93bbc306b1';

const RELEASES = 'https://github.com/livekit/livekit/releases/download';

/** A release has none for macOS. */
const ARCHIVES = {
  'linux-x64': {
    name: 'livekit_1.13.5_linux_amd64.tar.gz',
    sha256: 'c020fac437b7cc9b776eef1ad5ea8af77be9acfa07602eca20a3a44930dfbc70',
    bytes: 18_064_127,
  },
  'linux-arm64': {
    name: 'livekit_1.13.5_linux_arm64.tar.gz',
    sha256: '332015305518765fe05bad74fc3a9d9583e635e7dd130de3c4fc563d69c550f3',
    bytes: 16_349_520,
  },
};

/** Room for the archive and for the program in it. */
const NEEDED_BYTES = 120_000_000;

/**
 * The archive to download: `{ url, sha256, bytes }`. `source` is a mirror of LiveKit's releases or
 * the address of one archive, `sha256` the sum of an archive that is not the pinned one. Throws a
 * PlainError when there is none for this machine, or none with a sum.
 */
export function releaseArchive({
  source = RELEASES,
  sha256,
  machine = `${process.platform}-${process.arch}`,
} = {}) {
  const pinned = ARCHIVES[machine];
  if (isArchive(source)) {
    const isPinned = pinned && new URL(source).pathname.endsWith(`/${pinned.name}`);
    if (sha256) return { url: source, sha256 };
    if (isPinned) return { ...pinned, url: source };
    throw new PlainError(
      `no SHA-256 is known for ${shown(source)}`,
      'Give its sum in ROLECALL_LIVEKIT_SHA256.',
    );
  }
  if (!pinned) {
    throw new PlainError(
      `LiveKit's releases have no program for ${machine}`,
      machine.startsWith('darwin') ? 'Run "brew install livekit", then start again.' : undefined,
    );
  }
  const url = `${source.replace(/\/+$/, '')}/${LIVEKIT_VERSION}/${pinned.name}`;
  return sha256 ? { url, sha256 } : { ...pinned, url };
}

/** Puts the livekit-server of a release at `target`. Throws a PlainError that says why it cannot. */
export async function installRelease(target, { archive, ...options }) {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Named by its sum, so that only the same archive is ever continued.
  const file = join(folder, `livekit-${archive.sha256.slice(0, 16)}.tar.gz`);
  const unfinished = join(folder, 'livekit-server.unfinished');
  try {
    await download({ needs: NEEDED_BYTES, ...archive, ...options, file });
    await extractFile(file, 'livekit-server', unfinished);
    // Moved when whole, so one that was cut short is never taken for a server.
    renameSync(unfinished, target);
  } catch (error) {
    throw isFullDisk(error) ? fullDisk(folder) : error;
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(file, { force: true });
  }
  return target;
}

function isArchive(source) {
  return /\.tar\.gz$/i.test(new URL(source).pathname);
}
