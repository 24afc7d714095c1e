/**
 * Where the person looks. On a terminal, `live` lines (steps that run) and pinned ones (the address,
 * the first sign-in) stay at the end, below everything that is printed; elsewhere lines follow each
 * other and nothing is rewritten.
 */
export function createScreen(output = process.stdout) {
  const isTerminal = Boolean(output.isTTY) && process.env.TERM !== 'dumb';
  const isColoured = isTerminal && !process.env.NO_COLOR;
  let live = [];
  let pinned = [];
  let shown = [];

  const rowsOf = (line) => {
    const { length } = line.replace(/\u001b\[[0-9;]*m/g, '');
    return Math.max(1, Math.ceil(length / (output.columns || 80)));
  };

  /** Takes the last lines away, prints `text` in their place, and shows them again below it. */
  function draw(text) {
    const rows = shown.reduce((sum, line) => sum + rowsOf(line), 0);
    const clear = rows > 0 ? `\r\u001b[${rows}A\u001b[J` : '';
    shown = [...live, ...pinned];
    const end = shown.map((line) => `${line}\n`).join('');
    const all = `${clear}${text}${end}`;
    if (all) output.write(all);
  }

  return {
    isTerminal,
    isColoured,
    colour: (text, code) => (isColoured ? `\u001b[${code}m${text}\u001b[0m` : text),

    /** Prints lines that stay. */
    print(text) {
      const lines = text.endsWith('\n') ? text : `${text}\n`;
      if (isTerminal) draw(lines);
      else output.write(lines);
    },

    /** Shows what is under way; an empty list when nothing is. Nothing without a terminal. */
    show(lines) {
      if (!isTerminal || (lines.length === 0 && live.length === 0)) return;
      live = lines;
      draw('');
    },

    /** Keeps these lines the last ones. Without a terminal they are printed once. */
    pin(lines) {
      if (!isTerminal) {
        for (const line of lines) output.write(`${line}\n`);
        return;
      }
      pinned = lines;
      draw('');
    },

    /** Leaves the last lines where they are: what follows is printed below them. */
    release() {
      live = [];
      pinned = [];
      if (isTerminal) shown = [];
    },
  };
}
