import { css, type CSSObject, type SerializedStyles } from '@emotion/react';
import { alpha, styled, type Theme } from '@mui/material/styles';
import { FONT_MONO } from '../../theme/theme';
import { LOOKS } from '../../shared/face';
import { SECTION_HEIGHT } from './listLayout';
import { rowButtonStyles, statusStyles } from '../seat/statusStyles';

const COLUMNS = {
  large:
    'var(--pick) minmax(236px,1.7fr) minmax(192px,1fr) 146px minmax(160px,1.4fr) minmax(204px,auto)',
  medium:
    'var(--pick) minmax(210px,1.9fr) minmax(96px,.8fr) 110px minmax(112px,1fr) minmax(126px,auto)',
  small:
    'var(--pick) minmax(140px,1.4fr) minmax(84px,1fr) 108px minmax(90px,1.1fr) minmax(88px,auto)',
  // What is wrong is said whole; of the role then only the letter is sure to stay.
  narrow: '60px minmax(26px,auto) minmax(min-content,1fr) fit-content(96px) minmax(44px,auto)',
};

/** A sign for the eye only: the words are beside it, so screen readers skip it. */
const unread = (sign: string) => [`'${sign}'`, `'${sign}' / ''`];

const sheets = new WeakMap<Theme, SerializedStyles>();

/**
 * The grid's own style sheet: plain class names, because a styled component per cell costs more
 * than the cell when thousands of rows scroll by.
 * Written once for a theme, not at every drawing.
 */
export const GridFrame = styled('div')(({ theme }) => {
  const sheet = sheets.get(theme) ?? css(stylesOf(theme));
  sheets.set(theme, sheet);
  return sheet;
});

const stylesOf = (theme: Theme): CSSObject => ({
  flex: 1,
  minHeight: 'inherit',
  display: 'flex',
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: theme.shape.borderRadius,
  backgroundColor: theme.palette.background.paper,
  overflow: 'hidden',
  '--row-height': '36px',
  '--pick': '32px',

  // The page's own rule is `inherit`, by which whatever changes a row (its place, while it scrolls)
  // would change everything in it as well.
  '& *, & *::before, & *::after': { boxSizing: 'border-box' },

  '& .grid': {
    flex: 1,
    minWidth: 0,
    overflow: 'auto',
    // The rows' height must not make the page grow.
    contain: 'size',
    // Sideways a finger pulls a row; up and down it scrolls, as everywhere.
    touchAction: 'pan-y pinch-zoom',
  },
  // Around the frame: inside, the rows would cover it.
  '& .grid:focus-visible': { outline: 'none' },
  '&:has(> .grid:focus-visible)': {
    outline: `2px solid ${theme.palette.primary.main}`,
    outlineOffset: -1,
  },
  '& .rows': { position: 'relative' },
  '& .row': {
    position: 'absolute',
    insetInline: 0,
    top: 0,
    display: 'grid',
    gridTemplateColumns: COLUMNS.large,
    alignItems: 'center',
    height: 'var(--row-height)',
    borderBottom: `1px solid ${theme.palette.divider}`,
    cursor: 'default',
    contain: 'layout style paint',
  },
  '& .head': {
    position: 'sticky',
    zIndex: 1,
    height: 32,
    backgroundColor: theme.palette.background.paper,
    color: theme.palette.text.secondary,
    fontSize: '.75rem',
    fontWeight: 600,
  },
  '& .cell': {
    paddingInline: 8,
    minWidth: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  },
  // What has no place in one line takes two.
  '& .status': {
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: 2,
    whiteSpace: 'normal',
    fontSize: '.8125rem',
    lineHeight: 1.2,
  },
  '& .row:not(.head):hover': { backgroundColor: theme.palette.action.hover },
  '& .row.selected': { backgroundColor: theme.palette.action.selected },
  '& .row.active': { boxShadow: `inset 3px 0 0 ${theme.palette.divider}` },
  '& .grid:focus-visible .row.active, & .grid:focus .row.active': {
    boxShadow: `inset 3px 0 0 ${theme.palette.primary.main}`,
    backgroundColor: theme.palette.action.selected,
  },
  '& .section': {
    position: 'absolute',
    insetInline: 0,
    top: 0,
    height: SECTION_HEIGHT,
    paddingInline: 'calc(var(--pick) + 9px) 8px',
    overflow: 'hidden',
    borderBottom: `1px solid ${theme.palette.divider}`,
    backgroundColor: theme.palette.background.default,
    color: theme.palette.text.secondary,
    fontSize: '.75rem',
    lineHeight: `${SECTION_HEIGHT - 1}px`,
    whiteSpace: 'nowrap',
    cursor: 'default',
    contain: 'strict',
    '& b': { fontWeight: 600, color: theme.palette.text.primary },
    '& i': { marginInlineStart: 10, fontStyle: 'normal' },
  },
  '& .row.gone, & .row.absent': { color: theme.palette.text.secondary },
  '& .row.gone .person': { textDecoration: 'line-through' },

  '& .pick': { display: 'grid', placeItems: 'center', paddingInline: 0, height: '100%' },
  '& .row:not(.head) .pick::before': {
    content: "''",
    width: 16,
    height: 16,
    border: `1.5px solid ${theme.palette.text.secondary}`,
    borderRadius: 4,
    fontSize: 12,
    lineHeight: '13px',
    textAlign: 'center',
  },
  '& .row.selected .pick::before': {
    content: unread('✓'),
    backgroundColor: theme.palette.primary.main,
    borderColor: theme.palette.primary.main,
    color: theme.palette.primary.contrastText,
  },
  '& .name': { fontWeight: 550 },
  '& .mono': {
    fontFamily: FONT_MONO,
    fontSize: '.75rem',
    color: theme.palette.text.secondary,
    marginInlineStart: 6,
  },
  '& .c-person': { display: 'flex', alignItems: 'center', minWidth: 0 },
  '& .face': {
    display: 'grid',
    placeItems: 'center',
    flex: 'none',
    width: 26,
    height: 26,
    marginInlineEnd: 9,
    borderRadius: '50%',
    fontSize: 10,
    fontWeight: 650,
  },
  // Not text: the name is beside it.
  '& .face::before': { content: 'attr(data-initials)' },
  ...Object.fromEntries(
    LOOKS.map(([light, ink, dark, darkInk], at) => [
      `& .face.look${at}`,
      theme.palette.mode === 'dark'
        ? { backgroundColor: dark, color: darkInk }
        : { backgroundColor: light, color: ink },
    ]),
  ),
  '& .row.gone .face, & .row.absent .face': { filter: 'grayscale(.8)' },
  // A long name must not push the identity out of sight: the name is the person's to choose.
  '& .who': { display: 'flex', alignItems: 'baseline', minWidth: 0 },
  '& .who > *': { overflow: 'hidden', textOverflow: 'ellipsis', minWidth: 0 },
  '& .who > .name:not(:only-child)': { flex: 'none', maxWidth: '100%' },
  '& .who > .name:has(+ .mono:not(.aside)), & .row.active .who > .name': { maxWidth: '66%' },
  // Names say who it is, unless somebody else looks the same; of whom keys act on, it is always said.
  '& .row:not(.active) .who > .aside': { position: 'absolute', clipPath: 'inset(50%)', width: 1 },
  '& .tag': {
    flexShrink: 20,
    marginInlineStart: 6,
    paddingInline: 4,
    border: `1px solid ${theme.palette.divider}`,
    borderRadius: 4,
    fontSize: '.6875rem',
    color: theme.palette.text.secondary,
  },
  '& .c-sync': { fontVariantNumeric: 'tabular-nums' },
  '& .hand': { marginInlineEnd: 6, color: theme.palette.warning.main, fontWeight: 600 },
  '& .letter': {
    display: 'inline-block',
    width: 18,
    height: 18,
    marginInlineEnd: 6,
    borderRadius: 5,
    fontSize: 11,
    fontWeight: 700,
    lineHeight: '18px',
    textAlign: 'center',
    forcedColorAdjust: 'none',
  },
  '& .role': { fontWeight: 550 },
  '& .lease': { marginInlineStart: 4, fontSize: '.75rem', fontVariantNumeric: 'tabular-nums' },
  '& .quiet': { color: theme.palette.text.secondary, fontWeight: 400, fontSize: '.75rem' },
  '& .c-media svg': {
    display: 'block',
    width: 98,
    height: 23,
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: 2,
    strokeLinecap: 'round',
    strokeLinejoin: 'round',
  },
  ...mediaStyles(theme),
  '& button': {
    font: 'inherit',
    fontSize: '.75rem',
    fontWeight: 600,
    minHeight: 26,
    paddingInline: 8,
    color: theme.palette.primary.main,
    background: 'none',
    border: `1px solid ${theme.palette.divider}`,
    borderRadius: 5,
    cursor: 'pointer',
  },
  '& button:hover': { borderColor: theme.palette.primary.main },
  '& button.quietly': { color: theme.palette.text.secondary },
  ...statusStyles(theme, '& .status'),
  ...rowButtonStyles(theme),
  '& .actions': { display: 'flex', gap: 4, justifyContent: 'flex-end' },
  '& .more': { minWidth: 28, paddingInline: 4 },

  '&&& .row[data-pulled]': {
    backgroundColor: theme.palette.background.paper,
    boxShadow: `0 0 0 1px ${theme.palette.divider}`,
  },

  // Set from the width by the grid. Container queries would do the same, but cost a second pass of
  // styles over every row at each scroll.
  '&:not([data-size=large])': {
    '& .row': { gridTemplateColumns: COLUMNS.medium },
    // The panel has it.
    '& .legend, & .quietly': { display: 'none' },
  },
  '&[data-size=small], &[data-size=narrow]': {
    '& .row': { gridTemplateColumns: COLUMNS.small },
    '& .c-actions button:not(.more, .undo, .approve, .release, .unblock)': { display: 'none' },
    // A person who asks for something is answered here; the rest is in the panel.
    '& .asks .more': { display: 'none' },
    // In two lines, so that the rest of the row gives way as little as possible.
    '& .undo': { maxWidth: 64, lineHeight: 1.2, whiteSpace: 'normal' },
  },
  '&[data-size=narrow] .row.head, &[data-short=true] .row.head': {
    height: 0,
    overflow: 'hidden',
    border: 'none',
  },
  '&[data-size=narrow]': {
    '& .section': { paddingInline: '12px 8px' },
    borderInline: 'none',
    borderRadius: 0,
    '& .row:not(.head)': {
      gridTemplateColumns: COLUMNS.narrow,
      gridTemplateRows: '1fr 1fr',
      paddingBlock: 8,
    },
    // A face is as wide as a finger: a tap on it selects.
    '& .row:not(.head) .pick': { gridArea: '1 / 1 / 3 / 2', zIndex: 1 },
    '& .row:not(.head, .selected) .pick::before': { content: 'none' },
    '& .row.selected .pick::before': {
      width: 40,
      height: 40,
      borderRadius: '50%',
      fontSize: 20,
      lineHeight: '37px',
    },
    '& .row:not(.head) .c-person': { display: 'contents' },
    '& .row:not(.head) .face': {
      gridArea: '1 / 1 / 3 / 2',
      justifySelf: 'center',
      width: 40,
      height: 40,
      margin: 0,
      fontSize: 14,
    },
    '& .row:not(.head) .who': {
      gridArea: '1 / 2 / 2 / 4',
      alignSelf: 'end',
      // A long name is cut; it must not push the answers off the row.
      contain: 'inline-size',
    },
    // The panel has them.
    '& .row .who > .aside, & .tag': { position: 'absolute', clipPath: 'inset(50%)', width: 1 },
    '& .row.active .who > .name:has(+ .aside)': { maxWidth: '100%' },
    '& .row:not(.head) .c-role, & .row:not(.head) .c-sync': {
      gridRow: 2,
      paddingInline: 0,
      fontSize: '.8125rem',
    },
    '& .row:not(.head) .c-role': { gridColumn: 2 },
    '& .row:not(.head) .c-sync': { gridColumn: 3, paddingInlineStart: 8, maxWidth: 164 },
    '& .status': { display: 'block', whiteSpace: 'nowrap' },
    '& .row:not(.head) .c-media': {
      gridArea: '1 / 4 / 3 / 5',
      minWidth: 96,
      paddingInline: '6px 0',
    },
    '& .c-media svg': { width: 90, height: 21 },
    '& .row:not(.head) .c-actions': { gridArea: '1 / 5 / 3 / 6', paddingInline: 2 },
    '& .c-actions button': { minWidth: 44, minHeight: 44 },
    '& .asks .c-actions': { paddingInlineEnd: 8 },
    '& .more': { fontSize: '1rem', border: 'none' },
    // Nobody's microphone and camera take the place of why they are out, and answers stay in sight.
    '& .c-media.quiet': { display: 'none' },
    '& .asks:not(.absent) .c-sync': { maxWidth: 112 },
    '@media (max-width: 359px)': {
      '& .row:not(.head) .c-sync': { maxWidth: 92 },
      '& .asks .c-media': { display: 'none' },
    },
  },
  // Colours of their own are taken away there: selection and the states differ by the system's.
  '@media (forced-colors: active)': {
    '& .row.selected': { outline: '2px solid Highlight', outlineOffset: -2 },
    '& .row.active': { borderInlineStart: '4px solid Highlight' },
    '& .row.selected .pick::before': {
      forcedColorAdjust: 'none',
      backgroundColor: 'Highlight',
      borderColor: 'Highlight',
      color: 'HighlightText',
    },
    '& .m-none': { opacity: 1, color: 'GrayText' },
    '& .m-live': { forcedColorAdjust: 'none', color: 'HighlightText' },
    '& .m-live .box': { fill: 'Highlight', stroke: 'Highlight' },
    '& .k-live::before': { forcedColorAdjust: 'none', backgroundColor: 'Highlight' },
    '& button[aria-disabled=true]': { color: 'GrayText' },
  },
  '@media (pointer: coarse)': {
    '--row-height': '44px',
    '--pick': '44px',
    '& button': { position: 'relative', minHeight: 36 },
    '& .more': { minWidth: 40 },
    // As high as the row for the finger, and as wide as the room between them.
    '& .c-actions': { overflow: 'visible' },
    '& button::after': { content: "''", position: 'absolute', inset: '-5px -3px' },
  },
});

/** Live, allowed, held and not allowed differ in colour and in shape. */
const mediaStyles = ({ palette }: Theme): CSSObject => {
  const taken = palette.mode === 'light' ? palette.warning.dark : palette.warning.main;
  const live = palette.success.main;
  const [onLive, onTaken] = [alpha(live, 0.16), alpha(palette.warning.main, 0.16)];
  return {
    '& .m-none': { color: palette.text.secondary, opacity: 0.75 },
    '& .m-allowed': { color: palette.text.primary },
    '& .m-allowed .box': { stroke: palette.text.secondary, strokeWidth: 1.4 },
    '& .m-held': { color: taken },
    '& .m-held .box': { fill: onTaken, strokeWidth: 1.4 },
    '& .m-live': { color: live },
    '& .m-live .box': { fill: onLive, strokeWidth: 1.4 },
    '& .legend': { display: 'inline-flex', gap: 12, fontWeight: 400 },
    '& .key::before': {
      content: "''",
      display: 'inline-block',
      width: 10,
      height: 10,
      marginInlineEnd: 4,
      border: '1.5px solid',
      borderRadius: 3,
      verticalAlign: -1,
    },
    '& .k-live::before': { borderColor: live, backgroundColor: onLive },
    '& .k-allowed::before': { borderColor: palette.text.secondary },
    '& .k-held::before': { borderColor: taken, backgroundColor: onTaken },
  };
};

export type GridSize = 'large' | 'medium' | 'small' | 'narrow';

/** On a narrow page a row has two lines. */
export function gridSize(width: number): GridSize {
  if (width > 930) return 'large';
  if (width > 720) return 'medium';
  return width > 520 ? 'small' : 'narrow';
}

/** Rows of two lines have no columns to name, and a short page has no room: then it is only heard. */
export const headHeight = (size: GridSize, isShort: boolean) =>
  size === 'narrow' || isShort ? 0 : 32;
/** `short`: as a page is at 200 %, where eight people are still seen. */
export const ROW_HEIGHT = { narrow: 64, coarse: 44, fine: 36, short: 32 };
