import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DownloadProgress,
  installRelease,
  LIVEKIT_VERSION,
  releaseArchive,
} from '../../../tools/lib/livekit-release.mjs';
import { type Archive, archiveOf, ArchiveServer } from '../support/archive-server.js';

/** Too large for one packet, and nothing that gzip makes smaller. */
const PROGRAM = randomBytes(3_000_000);

describe('the installation of LiveKit’s release', () => {
  let folder: string;
  let target: string;
  let mirror: ArchiveServer;
  let progress: DownloadProgress[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rolecall-install-'));
    target = join(folder, 'bin', 'livekit-server');
    progress = [];
    mirror = await new ArchiveServer(
      archiveOf({ LICENSE: 'text', 'livekit-server': PROGRAM }),
    ).start();
  });

  afterEach(async () => {
    await mirror.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const install = (more: Partial<Parameters<typeof installRelease>[1]> = {}) =>
    installRelease(target, {
      archive: { url: mirror.url, sha256: mirror.archive.sha256 },
      silenceMs: 300,
      pausesMs: [10, 10, 10],
      proxyEnvironment: {},
      onProgress: (at) => progress.push(at),
      ...more,
    });

  const expectInstalled = () => {
    expect(readFileSync(target).equals(PROGRAM)).toBe(true);
    expect(statSync(target).mode & 0o111).toBe(0o111);
    expect(readdirSync(join(folder, 'bin'))).toEqual(['livekit-server']);
  };
  const expectNothing = () => expect(existsSync(target)).toBe(false);

  it('takes the program out of the archive, and tells how far it is', async () => {
    await install();
    expectInstalled();
    expect(progress.at(-1)).toEqual({
      received: mirror.archive.data.length,
      total: mirror.archive.data.length,
      isWaiting: false,
    });
  });

  it('never keeps an archive with another sum, whoever sent it', async () => {
    const archive = { url: mirror.url, sha256: 'f'.repeat(64) };
    await expect(install({ archive })).rejects.toThrow(`its SHA-256 is ${mirror.archive.sha256}`);
    expectNothing();
    expect(readdirSync(join(folder, 'bin'))).toEqual([]);
  });

  it('goes on where the connection was cut off', async () => {
    mirror.answer = (_request, response, from) => {
      mirror.begin(response, from);
      const end = Math.min(from + 1_200_000, mirror.archive.data.length);
      response.write(mirror.archive.data.subarray(from, end), () => {
        if (end === mirror.archive.data.length) response.end();
        else response.destroy();
      });
    };
    await install();
    expectInstalled();
    expect(mirror.ranges[0]).toBeNull();
    expect(mirror.ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(
      true,
    );
    expect(progress.some(({ isWaiting }) => isWaiting)).toBe(true);
  });

  it('begins again where the server cannot go on, and when the first half was of another file', async () => {
    let isFirst = true;
    mirror.answer = (_request, response) => {
      mirror.begin(response, 0);
      if (!isFirst) return response.end(mirror.archive.data);
      isFirst = false;
      response.write(mirror.archive.data.subarray(0, 1_000_000), () => response.destroy());
    };
    await install();
    expectInstalled();

    rmSync(target);
    mirror.answer = (_request, response) => {
      mirror.begin(response, 0);
      response.write(randomBytes(1_000_000), () => response.destroy());
    };
    await expect(install({ pausesMs: [] })).rejects.toThrow('could not be downloaded');
    mirror.answer = mirror.whole;
    await install();
    expectInstalled();
  });

  it('waits for a slow server and gives up a silent one', async () => {
    mirror.answer = (_request, response, from) => {
      mirror.begin(response, from);
      response.write(mirror.archive.data.subarray(from, from + 1_100_000)); // and no more
    };
    await install({ pausesMs: [10, 10, 10, 10] });
    expectInstalled();

    rmSync(target);
    mirror.answer = (_request, response) => mirror.begin(response, 0);
    await expect(install({ pausesMs: [10] })).rejects.toThrow('nothing came for too long');
    expectNothing();
  });

  it('says what the server answers, and tries again only what may pass', async () => {
    mirror.answer = (_request, response) => response.writeHead(404).end();
    const withSecrets = `${mirror.url.replace('//', '//me:secret@')}?signature=secret`;
    const archive = { url: withSecrets, sha256: mirror.archive.sha256 };
    await expect(install({ archive })).rejects.toThrow(new RegExp(`^${mirror.url} answers 404$`));
    expect(mirror.ranges).toHaveLength(1);

    let tries = 0;
    mirror.answer = (request, response, from) => {
      tries += 1;
      if (tries < 3) response.writeHead(503).end();
      else mirror.whole(request, response, from);
    };
    await install();
    expectInstalled();
  });

  it('says that a server cannot be reached', async () => {
    const archive = { url: 'http://127.0.0.1:1/livekit.tar.gz', sha256: 'f'.repeat(64) };
    await expect(install({ archive })).rejects.toThrow('it refuses the connection');
  });

  it('needs room on the disk, and takes no more than it expects', async () => {
    await expect(install({ needs: Number.MAX_SAFE_INTEGER })).rejects.toThrow('MB are needed');
    expect(mirror.ranges).toEqual([]);

    const archive = { url: mirror.url, sha256: mirror.archive.sha256, bytes: 100_000 };
    await expect(install({ archive })).rejects.toThrow('more than the 100000 bytes');
    expectNothing();
  });

  it('follows a redirect, and goes through the proxy that the environment names', async () => {
    const elsewhere = createServer((_request, response) =>
      response.writeHead(302, { location: mirror.url }).end(),
    );
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
    const { port } = elsewhere.address() as AddressInfo;
    try {
      const url = `http://127.0.0.1:${port}/livekit.tar.gz`;
      await install({ archive: { url, sha256: mirror.archive.sha256 } });
      expectInstalled();
    } finally {
      elsewhere.close();
    }

    rmSync(target);
    const proxy = mirror.url.replace('/livekit.tar.gz', '');
    const url = 'http://livekit.invalid/livekit.tar.gz';
    await install({
      archive: { url, sha256: mirror.archive.sha256 },
      proxyEnvironment: { HTTP_PROXY: proxy },
    });
    expectInstalled();
    expect(mirror.urls.at(-1)).toBe(url);
  });

  it('refuses an archive without the program, and writes nothing but the program', async () => {
    const offer = (archive: Archive) =>
      install({ archive: { url: mirror.url, sha256: archive.sha256 } });
    const serve = (archive: Archive) => {
      mirror.answer = (_request, response) => response.end(archive.data);
      return archive;
    };
    await expect(offer(serve(archiveOf({ LICENSE: 'text' })))).rejects.toThrow(
      'holds no livekit-server',
    );
    const outside = archiveOf({ '../escaped': 'x', 'a/livekit-server': PROGRAM });
    await offer(serve(outside));
    expectInstalled();
    expect(existsSync(join(folder, 'escaped'))).toBe(false);
  });
});

describe('the archive that is installed', () => {
  it('is the pinned release, at LiveKit’s own address or a mirror’s', () => {
    const path = `/${LIVEKIT_VERSION}/livekit_1.13.5_linux_arm64.tar.gz`;
    const own = releaseArchive({ machine: 'linux-arm64' });
    expect(own.url).toBe(`https://github.com/livekit/livekit/releases/download${path}`);
    expect(own.sha256).toMatch(/^[0-9a-f]{64}$/);
    const mirrored = releaseArchive({ machine: 'linux-arm64', source: 'https://mirror.example/' });
    expect(mirrored).toEqual({ ...own, url: `https://mirror.example${path}` });
  });

  it('is another one only together with its sum', () => {
    const source = 'https://mirror.example/livekit.tar.gz';
    expect(() => releaseArchive({ source })).toThrow('no SHA-256 is known');
    expect(releaseArchive({ source, sha256: 'a'.repeat(64) })).toEqual({
      url: source,
      sha256: 'a'.repeat(64),
    });
  });

  it('is not there for machines that LiveKit publishes none for', () => {
    expect(() => releaseArchive({ machine: 'darwin-arm64' })).toThrow('darwin-arm64');
  });
});
