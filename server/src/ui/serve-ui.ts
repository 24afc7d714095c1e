import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The built dashboard, beside the server in the checkout and in the image. */
export const UI_FOLDER = join(import.meta.dirname, '../../../admin-ui/dist');

/** Serves the files of the dashboard; its pages come from `UiController`. */
export async function serveUi(fastify: FastifyInstance): Promise<void> {
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
      // Files with a hash in their name never change.
      const isHashed = /[\\/]assets[\\/]/.test(path);
      reply.header(
        'Cache-Control',
        isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      );
    },
  } as Parameters<typeof fastifyStatic>[1]);
}
