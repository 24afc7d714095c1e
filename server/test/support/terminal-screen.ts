/** What a program takes for the width where the terminal has none, as that of `script`. */
const COLUMNS = 80;

/**
 * What is on a terminal after `output`: the lines that the person sees, without colours, and those
 * that are wider than the terminal in one piece. It knows what npm start uses: new lines, the way
 * up, and the erasing of what is below.
 */
export function screenAfter(output: string): string[] {
  let rows: { text: string; isContinued: boolean }[] = [{ text: '', isContinued: false }];
  let at = 0;
  const write = (text: string) => {
    for (let from = 0; from < text.length;) {
      const row = rows[at]!;
      const room = COLUMNS - row.text.length;
      row.text += text.slice(from, from + room);
      from += room;
      if (from >= text.length) return;
      row.isContinued = true;
      rows[(at += 1)] = { text: '', isContinued: false };
    }
  };
  for (const [part] of output.matchAll(/\u001b\[\d*(?:;\d+)*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g)) {
    if (part === '\n') {
      at += 1;
      rows[at] ??= { text: '', isContinued: false };
    } else if (part.startsWith('\u001b')) {
      const count = Number(/\d+/.exec(part)?.[0] ?? 1);
      if (part.endsWith('A')) at = Math.max(0, at - count);
      if (part.endsWith('J')) rows = [...rows.slice(0, at), { text: '', isContinued: false }];
    } else if (part !== '\r') {
      write(part); // every line is written from its beginning
    }
  }
  const lines: string[] = [];
  let isContinued = false;
  for (const row of rows) {
    if (isContinued) lines[lines.length - 1] += row.text;
    else lines.push(row.text);
    ({ isContinued } = row);
  }
  return lines;
}
