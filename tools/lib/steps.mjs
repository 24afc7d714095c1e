const TITLE_WIDTH = 18;
const REPORT_EVERY_MS = 15_000;

/**
 * Tells one step after the other, each in a line with the time it took. On a terminal the line of
 * the running step is rewritten; elsewhere a long one says every 15 seconds that it goes on.
 */
export function createSteps(output = process.stdout) {
  const isTerminal = Boolean(output.isTTY) && process.env.TERM !== 'dumb';
  const sign = (symbol, colour) =>
    isTerminal && !process.env.NO_COLOR ? `\u001b[${colour}m${symbol}\u001b[0m` : symbol;
  let hasOpenLine = false;

  const clearLine = () => {
    if (hasOpenLine) output.write('\r\u001b[2K');
    hasOpenLine = false;
  };
  const line = (mark, title, text, since) =>
    `  ${mark} ${title.padEnd(TITLE_WIDTH)} ${text}${since === undefined ? '' : `  ${seconds(since)}`}`;

  const steps = {
    /** A line of its own, between steps or during one. */
    say(text = '') {
      clearLine();
      output.write(`${text}\n`);
    },

    /** Something that the person should know although the start goes on. */
    notice(text) {
      const [first, ...more] = text.split('\n');
      steps.say([`  ${sign('!', 33)} ${first}`, ...more.map((other) => `    ${other}`)].join('\n'));
    },

    /**
     * Runs `work(tell)` as the step `title`; `tell` gives news on the way. What it resolves to is
     * printed as the outcome: a text, or `{ text, … }`, which is returned.
     */
    async run(title, work) {
      const since = Date.now();
      let news = '';
      const show = () => {
        if (isTerminal) {
          output.write(`\r\u001b[2K${line(sign('…', 36), title, news, since)}`);
          hasOpenLine = true;
        } else {
          output.write(`${line('…', title, news || 'still at it', since)}\n`);
        }
      };
      const timer = setInterval(show, isTerminal ? 500 : REPORT_EVERY_MS);
      if (isTerminal) show();
      try {
        const outcome = await work((text) => (news = text));
        clearLine();
        const text = typeof outcome === 'string' ? outcome : outcome.text;
        if (text) output.write(`${line(sign('✓', 32), title, text, since)}\n`);
        return outcome;
      } catch (error) {
        clearLine();
        throw error;
      } finally {
        clearInterval(timer);
      }
    },

    /** The last line of a start that failed. */
    fail(error) {
      clearLine();
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
