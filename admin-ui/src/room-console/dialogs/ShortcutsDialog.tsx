import { useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import FormControlLabel from '@mui/material/FormControlLabel';
import Switch from '@mui/material/Switch';
import Typography from '@mui/material/Typography';
import type { Theme } from '@mui/material/styles';
import type { SystemStyleObject } from '@mui/system';
import {
  type Command,
  COMMANDS,
  isCharacter,
  keyName,
  type Shortcuts,
  keyObstacle,
} from '../commands/shortcuts';
import type { Tone } from '../seat/status';
import { StatusSign } from '../seat/StatusSign';
import { statusStyles } from '../seat/statusStyles';

/** Keys that move: always the same, so that nobody can lock themselves out. */
const FIXED: [name: string, keys: string[]][] = [
  ['move', ['↑', '↓', 'J', 'K']],
  ['pages', ['PgUp', 'PgDn']],
  ['ends', ['Home', 'End']],
  ['chips', ['0–9']],
];

export interface ShortcutsDialogProps {
  shortcuts: Shortcuts;
  onClose: () => void;
}

/** All keys, and other keys for who wants them. */
export function ShortcutsDialog({ shortcuts, onClose }: ShortcutsDialogProps) {
  const translate = useTranslate();
  const titleId = useId();
  const { settings, setSettings } = shortcuts;
  const [asked, setAsked] = useState<Command | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const choose = (command: Command, name: string) => {
    const obstacle = keyObstacle(name, command, shortcuts.keys);
    if (obstacle) {
      const by = 'by' in obstacle ? translate(`room_console.keys.${obstacle.by}`) : '';
      setProblem(translate(`room_console.keys.${obstacle.code}`, { key: name, by }));
      return;
    }
    setProblem(null);
    setAsked(null);
    setSettings({ ...settings, keys: { ...settings.keys, [command]: name } });
  };

  return (
    <Dialog
      open
      // While a key is asked for, Escape only stops asking.
      onClose={() => (asked ? setAsked(null) : onClose())}
      aria-labelledby={titleId}
      maxWidth="md"
      fullWidth
    >
      <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
        {translate('room_console.keys.title')}
      </DialogTitle>
      <DialogContent>
        <Typography variant="body2" color="text.secondary">
          {translate('room_console.keys.note')}
        </Typography>
        <Typography variant="body2" color="text.secondary" sx={{ mt: 0.5 }}>
          {translate('room_console.keys.swipe')}
        </Typography>
        <FormControlLabel
          sx={{ my: 1 }}
          control={
            <Switch
              size="small"
              checked={settings.areCharactersOn}
              onChange={(_event, areCharactersOn) => setSettings({ ...settings, areCharactersOn })}
            />
          }
          label={
            <>
              <span>{translate('room_console.keys.characters')}</span>{' '}
              <Typography component="span" variant="body2" color="text.secondary">
                {translate('room_console.keys.characters_help')}
              </Typography>
            </>
          }
        />
        <Box component="dl" sx={LIST}>
          {FIXED.map(([name, keys]) => (
            <Box key={name} sx={{ display: 'contents' }}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{translate(`room_console.keys.${name}`)}</dd>
            </Box>
          ))}
          {COMMANDS.map((command) => (
            <KeyLine
              key={command}
              command={command}
              shortcuts={shortcuts}
              isAsked={asked === command}
              onAsk={() => {
                setProblem(null);
                setAsked(asked === command ? null : command);
              }}
              onPressed={(name) => choose(command, name)}
            />
          ))}
        </Box>
        <Legend />
        <Typography role="alert" variant="body2" color="error" sx={{ mt: 1 }}>
          {problem}
        </Typography>
      </DialogContent>
      <DialogActions>
        <Button onClick={() => setSettings({ areCharactersOn: true, keys: {} })}>
          {translate('room_console.keys.reset')}
        </Button>
        <Button onClick={onClose} autoFocus>
          {translate('app.action.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

const EXPLAINED: readonly Tone[] = ['held', 'blocked', 'pending', 'bad', 'good'];

/** What the signs in the status column mean. */
function Legend() {
  const translate = useTranslate();
  return (
    <>
      <Typography variant="h3" sx={{ mt: 2, mb: 0.5 }}>
        {translate('room_console.keys.legend')}
      </Typography>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {translate('room_console.keys.legend_note')}
      </Typography>
      <Box component="ul" sx={LEGEND}>
        {EXPLAINED.map((tone) => (
          <li key={tone}>
            <span className={`status ${tone}`}>
              <span className="said">
                <StatusSign tone={tone} />
                <span>{translate(`room_console.keys.signs.${tone}`)}</span>
              </span>
            </span>
            <span>{translate(`room_console.keys.meanings.${tone}`)}</span>
          </li>
        ))}
      </Box>
    </>
  );
}

const LEGEND = [
  {
    m: 0,
    p: 0,
    listStyle: 'none',
    fontSize: '.8125rem',
    '& li': { display: 'grid', gridTemplateColumns: '130px 1fr', gap: 1, mb: 0.75 },
  },
  (theme: Theme) => statusStyles(theme, '& .status') as SystemStyleObject<Theme>,
];

interface KeyLineProps {
  command: Command;
  shortcuts: Shortcuts;
  isAsked: boolean;
  onAsk: () => void;
  onPressed: (name: string) => void;
}

const MODIFIERS = ['Shift', 'Control', 'Alt', 'Meta', 'Tab', 'Escape'];

function KeyLine({ command, shortcuts, isAsked, onAsk, onPressed }: KeyLineProps) {
  const translate = useTranslate();
  const key = shortcuts.keys[command];
  const isOff = key !== '' && isCharacter(key) && !shortcuts.settings.areCharactersOn;
  const shown = isAsked
    ? translate('room_console.keys.press')
    : key || translate('room_console.keys.none');
  const meaning = translate(`room_console.keys.${command}`);
  return (
    <Box sx={{ display: 'contents' }}>
      <dt>
        <button
          type="button"
          // With what is seen on it, for who says what they see.
          aria-label={`${shown}: ${translate('room_console.keys.change', { command: meaning })}`}
          aria-pressed={isAsked}
          onClick={onAsk}
          onKeyDown={(event) => {
            if (!isAsked || MODIFIERS.includes(event.key)) return;
            event.preventDefault();
            // Backspace takes the key away.
            onPressed(event.key === 'Backspace' ? '' : keyName(event));
          }}
        >
          <kbd className={isOff ? 'off' : key ? undefined : 'none'}>{shown}</kbd>
        </button>
      </dt>
      <dd>{meaning}</dd>
    </Box>
  );
}

const LIST = {
  m: 0,
  display: 'grid',
  gridTemplateColumns: { xs: 'max-content 1fr', md: 'max-content 1fr max-content 1fr' },
  alignItems: 'center',
  gap: '2px 16px',
  fontSize: '.8125rem',
  '& dd': { m: 0 },
  '& button': {
    font: 'inherit',
    minHeight: 28,
    p: 0,
    color: 'inherit',
    background: 'none',
    border: 0,
    cursor: 'pointer',
  },
  '& kbd': {
    display: 'inline-block',
    px: 0.75,
    mr: 0.5,
    border: 1,
    borderColor: 'divider',
    borderRadius: '4px',
    bgcolor: 'background.default',
  },
  '& button:hover kbd': { borderColor: 'primary.main' },
  '& kbd.none': { color: 'text.secondary', borderStyle: 'dashed' },
  '& kbd.off': { color: 'text.secondary', textDecoration: 'line-through' },
} as const;
