import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Public } from '../actor/access.decorators.js';
import { AppError } from '../common/errors/app-error.js';
import { ApiDoc } from '../common/http/api-docs.js';

const VIEWER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const { version } = JSON.parse(readFileSync(join(VIEWER, 'package.json'), 'utf8')) as {
  version: string;
};

const START = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  showExtensions: true,
  tagsSorter: 'alpha',
  validatorUrl: null,
});
`;

const STYLE = `body { margin: 0; background: #fff; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .scheme-container { padding: 16px 0; box-shadow: none; border-block: 1px solid #d8dde3; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-path { max-width: calc(100vw - 150px); }
  .swagger-ui table, .swagger-ui .responses-inner { display: block; overflow-x: auto; }
}
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rolecall API</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/api/docs/swagger-ui.css?v=${version}">
<link rel="stylesheet" href="/api/docs/page.css">
</head>
<body>
<main id="viewer"></main>
<script src="/api/docs/swagger-ui-bundle.js?v=${version}"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;

interface Asset {
  type: string;
  read: () => string;
  isVersioned: boolean;
}

const packaged = (name: string, type: string): Asset => ({
  type,
  read: () => readFileSync(join(VIEWER, name), 'utf8'),
  isVersioned: true,
});

const ASSETS: Readonly<Record<string, Asset>> = {
  'swagger-ui.css': packaged('swagger-ui.css', 'text/css'),
  'swagger-ui-bundle.js': packaged('swagger-ui-bundle.js', 'text/javascript'),
  'page.css': { type: 'text/css', read: () => STYLE, isVersioned: false },
  'start.js': { type: 'text/javascript', read: () => START, isVersioned: false },
};

/** Only what is served here, and calls to this API; the viewer's icons are in its style sheet. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const assetParams = z.strictObject({ file: z.string().max(100).describe('The name of the file.') });

/** The API to read and to try, in a browser. */
@Controller('api/docs')
export class DocsController {
  /** One copy of each for all who ask: anybody may, and may take it slowly. */
  private readonly loaded = new Map<string, Buffer>();

  @Get()
  @ApiDoc({
    summary: 'Browse this document',
    description: 'A page that shows the API, and calls it as the operator who is signed in.',
  })
  @Public('describes the API, holds no data')
  page(@Res() reply: FastifyReply): void {
    void reply
      .header('Content-Type', 'text/html; charset=utf-8')
      .header('Content-Security-Policy', POLICY)
      .send(PAGE);
  }

  @Get(':file')
  @ApiDoc({
    summary: 'Read a file of the page',
    description: 'The scripts and styles of the page that shows the API.',
    errors: ['route.not_found'],
  })
  @Public('describes the API, holds no data')
  asset(
    @Param({ schema: assetParams }) { file }: z.infer<typeof assetParams>,
    @Headers('accept-encoding') encodings: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    const asset = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (!asset) {
      throw new AppError('not_found', 'route.not_found', 'There is nothing at this address.');
    }
    const maxAge = asset.isVersioned ? 'max-age=31536000, immutable' : 'max-age=300';
    void reply
      .header('Content-Type', `${asset.type}; charset=utf-8`)
      .header('Cache-Control', `public, ${maxAge}`)
      .header('Vary', 'Accept-Encoding');
    if (!encodings?.includes('gzip')) void reply.send(this.load(file, asset));
    else void reply.header('Content-Encoding', 'gzip').send(this.compress(file, asset));
  }

  private load(file: string, asset: Asset): Buffer {
    return kept(this.loaded, file, () => Buffer.from(asset.read()));
  }

  private compress(file: string, asset: Asset): Buffer {
    return kept(this.loaded, `${file}.gz`, () => gzipSync(this.load(file, asset)));
  }
}

function kept(loaded: Map<string, Buffer>, key: string, make: () => Buffer): Buffer {
  const bytes = loaded.get(key) ?? make();
  loaded.set(key, bytes);
  return bytes;
}
