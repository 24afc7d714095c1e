import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Public } from '../actor/access.decorators.js';
import { AppError } from '../common/errors/app-error.js';
import { type Page, Pages } from './pages.js';

const anyPath = z.record(z.string(), z.string().max(4096));

/** The dashboard's pages. They are empty shells: everything in them comes from the API. */
@Controller()
export class UiController {
  constructor(private readonly pages: Pages) {}

  @Get('join/*')
  @Public('the join page is for participants, who are no operators')
  join(@Param({ schema: anyPath }) _path: object, @Res() reply: FastifyReply): void {
    send(reply, this.pages.render('join'), JOIN_FEATURES);
  }

  @Get(['', '*'])
  @Public('the shell of the dashboard holds no data; its API asks who you are')
  index(
    @Param({ schema: anyPath }) path: Record<string, string>,
    @Res() reply: FastifyReply,
  ): void {
    if (/^(api|livekit|assets|rtc|twirp|whip|agent)(\/|$)/.test(path['*'] ?? '')) {
      throw new AppError('not_found', 'route.not_found', 'There is nothing at this address.');
    }
    send(reply, this.pages.render('index'), NO_FEATURES);
  }
}

const JOIN_FEATURES = 'camera=(self), microphone=(self), display-capture=(self)';
const NO_FEATURES = 'camera=(), microphone=()';

function send(reply: FastifyReply, page: Page | null, features: string): void {
  if (!page) {
    throw new AppError(
      'not_found',
      'ui.not_built',
      'The dashboard is not built: npm run build:ui.',
    );
  }
  void reply
    .header('Content-Type', 'text/html; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .header('Content-Security-Policy', page.contentSecurityPolicy)
    .header('Permissions-Policy', features)
    .send(page.html);
}
