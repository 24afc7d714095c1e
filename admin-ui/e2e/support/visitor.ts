import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Api } from './api.js';
import { LAN_HOST } from './chromium.js';
import { keepWhatIsSaid } from './said.js';
import { watchTraffic } from './settled.js';

const WAIT_MS = 30_000;

export interface VisitorOptions extends Pick<
  BrowserContextOptions,
  'colorScheme' | 'viewport' | 'hasTouch' | 'reducedMotion'
> {
  /** Whose session the browser has from the start; without it nobody is signed in. */
  readonly session?: Api;
}

interface Allowance {
  readonly text: RegExp;
  readonly reason: string;
}

/** At the third time LiveKit's client gives up, which tests see; until then it was only slow. */
const SLOW_MEDIA: Allowance = {
  text: /^warning: detected connection state mismatch .*numFailures: [12]\b/,
  reason: 'LiveKit’s client looks after itself every few seconds, and writes down what is late',
};

/** LiveKit ends the socket of somebody who is removed without a word of WebSocket's own. */
const PEEK_ENDED: Allowance = {
  text: /^error: error reading from signal stream [^]*participant: rolecall-peek:[^]*code 1006/,
  reason:
    'who stops a peek hangs up and has Rolecall remove the participant; either may come first',
};

/**
 * Somebody with a browser of their own. Whatever goes wrong in any of their pages is remembered:
 * an error or a warning in the console, an uncaught error, a request to another machine.
 */
export class Visitor {
  private readonly problems: string[] = [];
  private readonly allowances: Allowance[] = [SLOW_MEDIA, PEEK_ENDED];

  private constructor(
    readonly url: string,
    readonly context: BrowserContext,
  ) {}

  static async open(browser: Browser, url: string, options: VisitorOptions = {}): Promise<Visitor> {
    const { session, ...rest } = options;
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: 1366, height: 900 },
      reducedMotion: 'reduce',
      colorScheme: 'light',
      locale: 'en-GB',
      ...rest,
    });
    context.setDefaultTimeout(WAIT_MS);
    await keepWhatIsSaid(context);
    if (session) {
      const [name = '', value = ''] = session.cookie.split('=', 2);
      await context.addCookies([{ name, value, url }]);
    }
    return Visitor.in(context, url);
  }

  /** In a browser that somebody else has set up. */
  static in(context: BrowserContext, url: string): Visitor {
    const visitor = new Visitor(url, context);
    context.on('page', (page) => visitor.watch(page));
    return visitor;
  }

  newPage(): Promise<Page> {
    return this.context.newPage();
  }

  async goto(path: string): Promise<Page> {
    const page = await this.newPage();
    await page.goto(path);
    return page;
  }

  /** Only for what the browser writes by itself about an answer that the page expects. */
  allow(text: RegExp, reason: string): this {
    this.allowances.push({ text, reason });
    return this;
  }

  /** What went wrong since they were last taken. */
  takeProblems(): string[] {
    return this.problems.splice(0);
  }

  close(): Promise<void> {
    return this.context.close();
  }

  private watch(page: Page): void {
    watchTraffic(page);
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      this.complain(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) =>
      this.problems.push(`uncaught: ${error.stack ?? error.message}`),
    );
    page.on('request', (request) => this.requireLocal(request.url()));
    page.on('websocket', (socket) => this.requireLocal(socket.url()));
  }

  private requireLocal(address: string): void {
    const { protocol, hostname } = new URL(address);
    if (/^(blob|data|about):$/.test(protocol) || ['127.0.0.1', LAN_HOST].includes(hostname)) return;
    this.complain(`a request to another machine: ${address}`);
  }

  /** Once each, and without the queries: they hold tokens. */
  private complain(text: string): void {
    const problem = text.replace(/\?[^\s')]{40,}/g, '?…');
    const isAllowed = this.allowances.some((allowance) => allowance.text.test(problem));
    if (!isAllowed && !this.problems.includes(problem)) this.problems.push(problem);
  }
}
