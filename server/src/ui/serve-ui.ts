import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { AppConfig } from '../config/app-config.js';

/** The built dashboard, beside the server in the checkout and in the image. */
export const UI_FOLDER = join(import.meta.dirname, '../../../admin-ui/dist');

/** Files with a hash in their name never change; pages are made new for each request (nonce). */
export async function serveUi(fastify: FastifyInstance, config: AppConfig): Promise<void> {
  if (!existsSync(join(UI_FOLDER, 'index.html'))) return;
  await fastify.register(fastifyStatic, {
    root: UI_FOLDER,
    serve: true,
    wildcard: false,
    index: false,
    decorateReply: false,
    preCompressed: true,
    globIgnore: ['**/*.html'],
    setHeaders: (reply, path) => {
      const isHashed = /[\\/]assets[\\/]/.test(path);
      reply.header(
        'Cache-Control',
        isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      );
    },
  } as Parameters<typeof fastifyStatic>[1]);
  pages = { index: readPage('index.html'), join: readPage('join.html') };
  connectSources = liveKitOrigins(config);
}

let pages: { index: string; join: string } | null = null;
let connectSources = '';

export interface Page {
  html: string;
  contentSecurityPolicy: string;
}

/** The dashboard's or the join page's HTML with a fresh nonce; null when no dashboard was built. */
export function renderPage(which: 'index' | 'join'): Page | null {
  if (!pages) return null;
  const nonce = randomBytes(16).toString('base64');
  return {
    html: pages[which].replaceAll('__CSP_NONCE__', nonce),
    contentSecurityPolicy: [
      "default-src 'self'",
      `script-src 'self'`,
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data: blob:",
      "media-src 'self' blob: mediastream:",
      "worker-src 'self' blob:",
      `connect-src 'self'${connectSources}`,
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
  };
}

function readPage(name: string): string {
  const path = join(UI_FOLDER, name);
  return existsSync(path)
    ? readFileSync(path, 'utf8')
    : readFileSync(join(UI_FOLDER, 'index.html'), 'utf8');
}

/** The join page talks to LiveKit: over its WebSocket and, to explain failures, over HTTP. */
function liveKitOrigins(config: AppConfig): string {
  const own = new URL(config.publicUrl);
  const urls = [config.livekit.clientUrl, config.livekit.url].filter((u) => u !== null);
  const hosts = new Set(urls.map((url) => new URL(url).host));
  const sources = [...hosts].flatMap((host) => [
    `ws://${host}`,
    `wss://${host}`,
    `http://${host}`,
    `https://${host}`,
  ]);
  return [` ws://${own.host} wss://${own.host}`, ...sources].join(' ');
}
