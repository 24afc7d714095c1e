import type { CSSObject } from '@emotion/react';
import { alpha, type Theme } from '@mui/material/styles';
import { TONES, type Tone } from './status';

const COLORS: Record<Tone, 'success' | 'info' | 'warning' | 'error' | null> = {
  good: 'success',
  pending: 'info',
  held: 'warning',
  blocked: 'error',
  bad: 'error',
  quiet: null,
};

/** What a moderator or a scene has taken has a ground of its own, not only a colour. */
const RESTRICTIONS: readonly Tone[] = ['held', 'blocked'];

const colorOf = (tone: Tone, { palette }: Theme) => {
  const color = COLORS[tone];
  return color === null ? palette.text.secondary : palette[color].main;
};

/** The styles of a status for `selector`, an element with the tone as a class and the words in `said`. */
export function statusStyles(theme: Theme, selector: string): CSSObject {
  const restricted = RESTRICTIONS.map((tone) => {
    const color = colorOf(tone, theme);
    const name = COLORS[tone];
    const { palette } = theme;
    return [
      `${selector}.${tone} .said`,
      {
        padding: '1px 4px',
        borderRadius: '4px',
        fontSize: '.75rem',
        fontWeight: 600,
        // Dark enough on the ground of a selected row as well.
        color: name && palette.mode === 'light' ? palette[name].dark : color,
        backgroundColor: alpha(color, 0.14),
        boxDecorationBreak: 'clone',
      },
    ] as const;
  });
  return {
    ...Object.fromEntries(
      TONES.map((tone) => [`${selector}.${tone}`, { color: colorOf(tone, theme) }]),
    ),
    [`${selector} .said svg`]: { marginInlineEnd: '3px' },
    ...Object.fromEntries(restricted),
  };
}

/** The buttons of a row: a release has the colour of its hold, and a refused button stays readable. */
export const rowButtonStyles = ({ palette }: Theme): CSSObject => ({
  '& button.approve': {
    borderColor: 'transparent',
    backgroundColor: alpha(palette.primary.main, 0.16),
  },
  '& button.release': { color: palette.warning.main },
  '& button.unblock': { color: palette.error.main },
  '& button[aria-disabled=true]': {
    color: palette.text.secondary,
    fontWeight: 400,
    borderStyle: 'dashed',
    cursor: 'not-allowed',
  },
});
