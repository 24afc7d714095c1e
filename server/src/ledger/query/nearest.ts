const SHOWN = 8;

/** The words that begin so, contain it, or are a letter or two away; else all, as far as they fit. */
export function nearest(word: string, all: readonly string[]): string[] {
  const wanted = word.toLowerCase();
  const begins = all.filter((one) => one.toLowerCase().startsWith(wanted));
  const contains = all.filter((one) => one.toLowerCase().includes(wanted));
  const near = all.filter((one) => distance(wanted, one.toLowerCase()) <= 2);
  const found = [...new Set([...near, ...begins, ...contains])];
  return (found.length > 0 ? found : all.length <= 20 ? all : []).slice(
    0,
    found.length > 0 ? SHOWN : 20,
  );
}

/** Letters to add, leave out or change. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 40) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
