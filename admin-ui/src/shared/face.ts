/** Background and ink of a person's disc, in light and in dark; each pair reads at 4.5:1. */
export const LOOKS = [
  ['#dfe4fb', '#2f3a94', '#2c3468', '#ccd4ff'],
  ['#fbe3d4', '#85370a', '#55301c', '#ffd3b8'],
  ['#d6f0e6', '#0f5b41', '#17473a', '#b5eed8'],
  ['#f9dfeb', '#8c1d57', '#562238', '#ffc6df'],
  ['#efe1fa', '#66279a', '#44265c', '#e7c9ff'],
  ['#dcecf8', '#114f7f', '#173f5c', '#bfe1fb'],
] as const;

/** Which of `LOOKS`: the same one for the same identity everywhere. */
export function lookOf(identity: string): number {
  let hash = 0;
  for (const char of identity) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % LOOKS.length;
}

/** Dear to make, and needed for each row of a list. */
const SEGMENTER = new Intl.Segmenter();

function firstLetterOf(word = ''): string {
  const [first] = SEGMENTER.segment(word);
  return first?.segment ?? '';
}

/** "AR" of "Ana Ruiz"; one letter of a single word. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s@._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  return [words[0], words.length > 1 ? words[1] : undefined]
    .map(firstLetterOf)
    .join('')
    .toLocaleUpperCase();
}
