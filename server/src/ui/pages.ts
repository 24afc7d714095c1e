import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig, clientUrlOf } from '../config/app-config.js';
import { browserUrlOf } from '../status/gate-check.js';
import { UI_FOLDER } from './serve-ui.js';

export interface Page {
  html: string;
  contentSecurityPolicy: string;
}

/** The dashboard's and the join page's HTML, read once; each answer has a nonce of its own. */
@Injectable()
export class Pages {
  private readonly pages: { index: string; join: string } | null;
  private readonly connectSources: string;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    this.pages = existsSync(join(UI_FOLDER, 'index.html'))
      ? {
          index: read('index.html').replace('__PUBLIC_URL__', asAttribute(config.publicUrl)),
          join: read('join.html')
            .replace('__PUBLIC_URL__', asAttribute(config.publicUrl))
            .replace('__CLIENT_URL__', asAttribute(clientUrlOf(config))),
        }
      : null;
    this.connectSources = connectSourcesOf(config);
  }

  /** Null when no dashboard was built. */
  render(which: 'index' | 'join'): Page | null {
    if (!this.pages) return null;
    const nonce = randomBytes(16).toString('base64');
    return {
      html: this.pages[which].replaceAll('__CSP_NONCE__', nonce),
      contentSecurityPolicy: [
        "default-src 'self'",
        "script-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "img-src 'self' data: blob:",
        "media-src 'self' blob: mediastream:",
        "worker-src 'self' blob:",
        `connect-src 'self' ${this.connectSources}`,
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ].join('; '),
    };
  }
}

function read(name: string): string {
  return readFileSync(join(UI_FOLDER, name), 'utf8');
}

function asAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/**
 * The join page talks to LiveKit: over its WebSocket and, to explain failures, over HTTP. The
 * dashboard looks whether it can be reached past the gate.
 */
function connectSourcesOf(config: AppConfig): string {
  const { publicUrl, livekit } = config;
  const own = new URL(publicUrl);
  const urls = [livekit.clientUrl, livekit.url, browserUrlOf(config)].filter((url) => url !== null);
  const hosts = new Set(urls.map((url) => new URL(url).host));
  return [
    `ws://${own.host}`,
    `wss://${own.host}`,
    ...[...hosts].flatMap((host) => ['ws', 'wss', 'http', 'https'].map((p) => `${p}://${host}`)),
  ].join(' ');
}
