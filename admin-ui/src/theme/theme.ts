import { nanoDarkTheme, nanoLightTheme, type RaThemeOptions } from 'react-admin';
import type { PaletteOptions, Theme } from '@mui/material/styles';

export const FONT_TEXT =
  "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
export const FONT_MONO =
  "ui-monospace, 'JetBrains Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

const light: PaletteOptions = {
  mode: 'light',
  primary: { main: '#4048c8', light: '#6068dc', dark: '#2d3499', contrastText: '#ffffff' },
  secondary: { main: '#555b6e', contrastText: '#ffffff' },
  success: { main: '#17703f', contrastText: '#ffffff' },
  warning: { main: '#8a5800', contrastText: '#ffffff' },
  error: { main: '#a1203f', contrastText: '#ffffff' },
  info: { main: '#2f5f94', contrastText: '#ffffff' },
  background: { default: '#f6f7f9', paper: '#ffffff' },
  text: { primary: '#1a1c25', secondary: '#555b6e', disabled: '#757b8c' },
  divider: '#e1e3ea',
  action: { hover: 'rgba(64,72,200,.05)', selected: 'rgba(64,72,200,.09)' },
};

const dark: PaletteOptions = {
  mode: 'dark',
  primary: { main: '#a5adff', light: '#c2c7ff', dark: '#8890f0', contrastText: '#14162e' },
  secondary: { main: '#a6acbd', contrastText: '#14151b' },
  success: { main: '#63d39b', contrastText: '#0b1f15' },
  warning: { main: '#efbb57', contrastText: '#231703' },
  error: { main: '#ff8a95', contrastText: '#2b080d' },
  info: { main: '#8fbcf3', contrastText: '#0a1a2e' },
  background: { default: '#131419', paper: '#1a1c23' },
  text: { primary: '#e9eaf0', secondary: '#a6acbd', disabled: '#8a90a2' },
  divider: '#2c2f3a',
  action: { hover: 'rgba(165,173,255,.06)', selected: 'rgba(165,173,255,.12)' },
};

/** Nano for the density of its controls; colours, type and tables are our own. */
function rolecall(base: Theme, palette: PaletteOptions): RaThemeOptions {
  const isDark = palette.mode === 'dark';
  const line = palette.divider as string;
  return {
    palette,
    spacing: 8,
    shape: { borderRadius: 6 },
    typography: {
      fontFamily: FONT_TEXT,
      fontSize: 13,
      h1: { fontSize: '1.125rem', fontWeight: 650, lineHeight: 1.4 },
      h2: { fontSize: '1rem', fontWeight: 650, lineHeight: 1.5 },
      h3: { fontSize: '.875rem', fontWeight: 650, lineHeight: 1.5 },
      h4: { fontSize: '.875rem', fontWeight: 650 },
      h5: { fontSize: '.875rem', fontWeight: 650 },
      h6: { fontSize: '1.0625rem', fontWeight: 650 },
      body1: { fontSize: '.875rem' },
      body2: { fontSize: '.8125rem' },
      caption: { fontSize: '.75rem' },
      button: { textTransform: 'none', fontWeight: 600, fontSize: '.8125rem' },
    },
    components: {
      ...base.components,
      MuiCssBaseline: {
        styleOverrides: {
          body: {
            fontVariantNumeric: 'tabular-nums',
            fontFeatureSettings: "'tnum', 'cv05'",
          },
          'code, pre, kbd, samp': { fontFamily: FONT_MONO, fontSize: '.92em' },
          '*:focus-visible': {
            outline: `2px solid ${isDark ? '#a5adff' : '#4048c8'}`,
            outlineOffset: 1,
          },
          '@media (prefers-reduced-motion: reduce)': {
            '*, *::before, *::after': {
              animationDuration: '.01ms !important',
              animationIterationCount: '1 !important',
              // Not a very short duration: any change of style would then be a transition of
              // everything that can be, and cost several times as much as the change itself.
              transitionProperty: 'none !important',
              scrollBehavior: 'auto !important',
            },
          },
        },
      },
      MuiButtonBase: {
        defaultProps: { disableRipple: true },
        // Without a ripple a button has nothing of its own that shows the focus.
        styleOverrides: {
          root: ({ theme }: { theme: Theme }) => ({
            '&:focus-visible': {
              outline: `2px solid ${theme.palette.primary.main}`,
              outlineOffset: 1,
            },
          }),
        },
      },
      MuiButton: {
        defaultProps: { size: 'small', variant: 'text', disableElevation: true },
        styleOverrides: {
          root: { minHeight: 30, padding: '3px 10px', lineHeight: 1.4 },
          outlined: { borderColor: isDark ? '#474c5e' : '#c4c8d4' },
        },
      },
      MuiIconButton: {
        defaultProps: { size: 'small' },
        styleOverrides: { root: { minWidth: 28, minHeight: 28 } },
      },
      MuiPaper: {
        defaultProps: { elevation: 0 },
        styleOverrides: { root: { backgroundImage: 'none' } },
      },
      MuiCard: { styleOverrides: { root: { border: `1px solid ${line}` } } },
      MuiDialog: {
        styleOverrides: { paper: { border: `1px solid ${line}` } },
      },
      MuiDialogActions: { styleOverrides: { root: { padding: '12px 24px 16px', gap: 4 } } },
      MuiDrawer: { styleOverrides: { paper: { backgroundImage: 'none' } } },
      MuiPopover: { styleOverrides: { paper: { border: `1px solid ${line}` } } },
      MuiAppBar: {
        defaultProps: { elevation: 0, color: 'inherit' },
        styleOverrides: { root: { borderBottom: `1px solid ${line}` } },
      },
      MuiAlert: {
        defaultProps: { variant: 'outlined' },
        styleOverrides: {
          root: ({ theme }: { theme: Theme }) => ({
            backgroundColor: theme.palette.background.paper,
          }),
          message: { minWidth: 0, overflowWrap: 'anywhere' },
        },
      },
      MuiChip: {
        defaultProps: { variant: 'outlined', size: 'small' },
        styleOverrides: { root: { borderRadius: 5, fontWeight: 550 } },
      },
      MuiTooltip: {
        defaultProps: { enterDelay: 250 },
        styleOverrides: { tooltip: { fontSize: '.75rem', maxWidth: 360 } },
      },
      MuiFormControl: {
        defaultProps: { variant: 'outlined', margin: 'dense', size: 'small', fullWidth: true },
      },
      MuiTextField: {
        defaultProps: { variant: 'outlined', margin: 'dense', size: 'small', fullWidth: true },
      },
      MuiInputLabel: {},
      MuiInputBase: {
        styleOverrides: {
          // Faint by default: 2.6 to 1.
          input: ({ theme }: { theme: Theme }) => ({
            '&::placeholder': { color: theme.palette.text.secondary, opacity: 1 },
          }),
        },
      },
      MuiOutlinedInput: {},
      // Inside the page's landmarks, and beside the field for screen readers.
      MuiAutocomplete: { defaultProps: { fullWidth: true, size: 'small', disablePortal: true } },
      MuiTable: { defaultProps: { size: 'small' } },
      MuiTableCell: {
        styleOverrides: {
          root: {
            borderBottomColor: line,
            '&.MuiTableCell-sizeSmall': { padding: '2px 10px' },
            '&.MuiTableCell-paddingCheckbox': { padding: '0 0 0 6px' },
          },
          body: { height: 32 },
          head: ({ theme }: { theme: Theme }) => ({
            fontSize: '.75rem',
            fontWeight: 600,
            whiteSpace: 'nowrap',
            color: theme.palette.text.secondary,
          }),
        },
      },
      MuiToolbar: { defaultProps: { variant: 'dense' } },
      MuiTablePagination: {
        styleOverrides: { toolbar: { minHeight: '44px !important' } },
      },
      MuiTab: { styleOverrides: { root: { minHeight: 40, padding: '6px 12px' } } },
      MuiTabs: { styleOverrides: { root: { minHeight: 40 } } },
      MuiSwitch: { defaultProps: { size: 'small' } },
      MuiCheckbox: { defaultProps: { size: 'small' } },
      MuiLink: { defaultProps: { underline: 'hover' } },
      MuiSnackbar: {
        styleOverrides: {
          root: ({ theme }: { theme: Theme }) =>
            Object.fromEntries(
              (['error', 'warning', 'info', 'success'] as const).map((tone) => [
                `& .RaNotification-${tone}`,
                {
                  border: `1px solid ${theme.palette[tone].main}`,
                  backgroundColor: theme.palette.background.paper,
                  color: theme.palette[tone].main,
                  fontWeight: 600,
                },
              ]),
            ),
        },
      },
      MuiSnackbarContent: { styleOverrides: { root: { fontSize: '.8125rem' } } },
      RaToggleThemeButton: { styleOverrides: { root: { '& svg': { fontSize: 20 } } } },
      RaLayout: {},
      RaDataTable: {
        styleOverrides: {
          root: ({ theme }: { theme: Theme }) => ({
            '& .RaDataTable-headerCell': {
              color: theme.palette.text.secondary,
              backgroundColor: theme.palette.background.paper,
            },
            '& .RaDataTable-clickableRow:hover': { backgroundColor: theme.palette.action.hover },
          }),
        },
      },
      RaToolbar: {
        styleOverrides: {
          root: ({ theme }: { theme: Theme }) => ({
            backgroundColor: theme.palette.background.paper,
            borderTop: `1px solid ${line}`,
            minHeight: 52,
            '&.RaToolbar-mobileToolbar': { position: 'sticky', padding: '0 8px' },
          }),
        },
      },
      RaList: {
        styleOverrides: { root: { '& .RaList-content': { overflow: 'hidden' } } },
      },
    },
  };
}

export const lightTheme = rolecall(nanoLightTheme, light);
export const darkTheme = rolecall(nanoDarkTheme, dark);
