import { createScreen } from './screen.mjs';

const TITLE_WIDTH = 18;
const REPORT_EVERY_MS = 15_000;

/**
 * Tells each step in a line with the time it took. On a terminal the lines of the running steps are
 * rewritten; elsewhere a long one says every 15 seconds that it goes on.
 */
export function createSteps(screen = createScreen()) {
  const { isTerminal } = screen;
  const sign = (symbol, code) => screen.colour(symbol, code);
  /** Title → `{ since, news }`, in the order in which they began. */
  const running = new Map();

  const line = (mark, title, text, since) =>
    `  ${mark} ${title.padEnd(TITLE_WIDTH)} ${text}${since === undefined ? '' : `  ${seconds(since)}`}`;
  const show = () =>
    screen.show(
      [...running].map(([title, { since, news }]) => line(sign('…', 36), title, news, since)),
    );

  const steps = {
    screen,

    /** A line of its own, between steps or during one. */
    say(text = '') {
      screen.print(text);
    },

    /** Something that the person should know although the start goes on. */
    notice(text) {
      const [first, ...more] = text.split('\n');
      steps.say([`  ${sign('!', 33)} ${first}`, ...more.map((other) => `    ${other}`)].join('\n'));
    },

    /**
     * Runs `work(tell)` as the step `title`; `tell` gives news on the way. What it resolves to is
     * printed as the outcome: a text, or `{ text, … }`, which is returned. Steps may overlap.
     */
    async run(title, work) {
      const step = { since: Date.now(), news: '' };
      running.set(title, step);
      const report = () => {
        if (isTerminal) show();
        else steps.say(line('…', title, step.news || 'still at it', step.since));
      };
      const timer = setInterval(report, isTerminal ? 500 : REPORT_EVERY_MS);
      show();
      try {
        const outcome = await work((text) => (step.news = text));
        const text = typeof outcome === 'string' ? outcome : outcome.text;
        running.delete(title);
        show();
        if (text) steps.say(line(sign('✓', 32), title, text, step.since));
        return outcome;
      } finally {
        running.delete(title);
        clearInterval(timer);
        show();
      }
    },

    /** The last line of a start that failed. */
    fail(error) {
      running.clear();
      show();
      screen.release();
      const isPlain = error?.name === 'PlainError';
      process.stderr.write(
        `\n  ${sign('✗', 31)} ${isPlain ? error.message : (error?.stack ?? String(error))}\n`,
      );
      if (isPlain && error.hint) process.stderr.write(`    ${error.hint}\n`);
    },
  };
  return steps;
}

export function seconds(since) {
  const passed = (Date.now() - since) / 1000;
  return `${passed < 9.95 ? passed.toFixed(1) : Math.round(passed)} s`;
}
