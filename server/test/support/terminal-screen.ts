/**
 * What is on a terminal after `output`: the lines that the person sees, without colours. It knows
 * what npm start uses: new lines, the way up, and the erasing of what is below.
 */
export function screenAfter(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [part] of output.matchAll(/\u001b\[\d*(?:;\d+)*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g)) {
    if (part === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (part === '\r') {
      continue; // every line is written from its beginning
    } else if (part.startsWith('\u001b')) {
      const count = Number(/\d+/.exec(part)?.[0] ?? 1);
      if (part.endsWith('A')) row = Math.max(0, row - count);
      if (part.endsWith('J')) {
        lines.length = row + 1;
        lines[row] = '';
      }
    } else {
      lines[row] += part;
    }
  }
  return lines;
}
