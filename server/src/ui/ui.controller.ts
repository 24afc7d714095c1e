import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
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
    @Req() { headers }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const [first = ''] = (path['*'] ?? '').split('/');
    if (!DASHBOARD.has(first)) {
      // A probe at a misspelt address must not take the shell for an answer.
      const isBrowser = headers.accept?.includes('text/html') ?? false;
      if (!isBrowser || SERVED.has(first)) {
        throw new AppError('not_found', 'route.not_found', 'There is nothing at this address.');
      }
      reply.status(404);
    }
    send(reply, this.pages.render('index'), NO_FEATURES);
  }
}

/** Where the dashboard's pages begin (admin-ui/src/App.tsx). */
const DASHBOARD = new Set([
  '',
  'login',
  'rooms',
  'users',
  'role-templates',
  'assignments',
  'operators',
  'access-roles',
  'alarms',
  'api-keys',
  'tokens',
  'issuances',
  'activity',
  'integrity',
  'exposure',
  'people',
  'retention',
  'status',
  'account',
]);

/** Where Rolecall or LiveKit answers programs: a browser as well is told that nothing is there. */
const SERVED = new Set(['api', 'ledger', 'livekit', 'assets', 'rtc', 'twirp', 'whip', 'agent']);

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
