/** Readable as a small block on white and on near-black, and distinct from each other. */
const PALETTE = [
  '#4048c8',
  '#0b7a75',
  '#b3541e',
  '#8b3fb0',
  '#2f6fb5',
  '#a3275b',
  '#4f7a1f',
  '#7a5a2b',
];

/** A template without a colour of its own gets the same one everywhere, from its key. */
export function templateColor(key: string, color?: string | null) {
  if (color && /^#[0-9a-f]{6}$/i.test(color)) return color;
  let hash = 0;
  for (const char of key) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return PALETTE[hash % PALETTE.length] ?? '#4048c8';
}

/** Black or white, whichever reads better on the colour (WCAG relative luminance). */
export function inkOn(color: string) {
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = channels;
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}
