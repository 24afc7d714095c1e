/*
 * What the server prints, shown on a terminal: its lines go above the address, which stays the last
 * thing on the screen. Without a terminal the server writes to our own output, untouched.
 */
const PINNED = /^(First sign-in: |Password: |Browsers use |Rolecall is ready at )/;

/** How the server's output is connected, and what it is told about it. */
export function outputSettings(screen, options, environment) {
  const isText = screen.isTerminal && environment.ROLECALL_LOG_FORMAT !== 'json';
  return {
    isPiped: screen.isTerminal,
    settings: {
      ...(isText ? { ROLECALL_LOG_FORMAT: 'text' } : {}),
      ...(options.isVerbose ? { ROLECALL_LOG_REQUESTS: 'on' } : {}),
      ...(screen.isColoured ? { FORCE_COLOR: '1' } : {}),
    },
  };
}

/** Prints what `child` prints; the lines that a person needs next stay the last ones, after `first`. */
export function showOutput(child, screen, first) {
  let pinned = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      const plain = lines.filter((line) => !PINNED.test(line));
      if (plain.length > 0) screen.print(plain.join('\n'));
      const address = lines.filter((line) => PINNED.test(line));
      if (address.length === 0) return;
      pinned = [...pinned, ...address];
      screen.pin(['', ...first, ...pinned]);
    });
    stream.on('end', () => {
      if (rest) screen.print(rest);
    });
  }
}
