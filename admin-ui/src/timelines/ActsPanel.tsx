import { useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import Paper from '@mui/material/Paper';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import Typography from '@mui/material/Typography';
import { Link, useNavigate } from 'react-router-dom';
import type { Act } from '@rolecall/server/api';
import '../ledger/messages.en';
import '../ledger/words/messages.en';
import '../ledger/words/log/messages.en';
import { ListCard } from '../ledger/list/ListCard';
import type { LogListHandle } from '../ledger/list/LogList';
import { parseQuery, printQuery } from '../ledger/query/language';
import { within } from '../ledger/query/logSearch';
import { useActs } from '../ledger/useActs';
import { useWords } from '../ledger/words/useWords';
import { ianaOf, type useZone } from '../ledger/zone';
import { useAnnounce } from '../shared/announce';
import { copyText } from '../shared/CopyButton';
import type { Span } from './chart/layout';
import { quoted } from './laneWords';

export interface ActsPanelProps {
  title: string;
  /** Searches of the log, by the name of their tab. */
  tabs: readonly { id: string; label: string; query: string }[];
  /** The time that the page is about. */
  whole: Span;
  /** A part of it that was chosen in a picture, and what else is asked for with it. */
  part: { span: Span; query: string; label: string } | null;
  onClear: () => void;
  zone: ReturnType<typeof useZone>;
}

/** As high as its rows where there are few. */
function heightOf(rows: number) {
  if (rows === 0) return undefined;
  const of = (row: number) => Math.min(380, rows * row + 42);
  return { xs: of(96), sm: of(49) };
}

/** Acts of the log that the page is about; a picture narrows them down. */
export function ActsPanel({ title, tabs, whole, part, onClear, zone }: ActsPanelProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const titleId = useId();
  const words = useWords();
  const list = useRef<LogListHandle>(null);
  const [chosen, setChosen] = useState(tabs[0]?.id ?? '');
  const tab = tabs.find(({ id }) => id === chosen) ?? tabs[0];
  const { query } = parseQuery([tab?.query ?? '', part?.query ?? ''].join(' ').trim());
  const text = printQuery(within(query, part?.span ?? whole));
  const acts = useActs({ query: text, zone: ianaOf(zone.zone), isLive: false });
  const log = `?${new URLSearchParams({ query: text })}`;
  const addressOf = (act: Act) => `/activity/${encodeURIComponent(act.id)}${log}`;
  const pick = (field: string, value: string) =>
    void navigate(
      `/activity?${new URLSearchParams({ query: `${text} ${field}:${quoted(value)}` })}`,
    );
  return (
    <Paper variant="outlined" component="section" aria-labelledby={titleId} sx={{ minWidth: 0 }}>
      <Box
        sx={{
          display: 'flex',
          alignItems: 'center',
          flexWrap: 'wrap',
          gap: 1,
          px: 2,
          pt: 1.5,
          pb: 0.5,
        }}
      >
        <Typography variant="h2" id={titleId}>
          {title}
        </Typography>
        {part && <Chip label={part.label} onDelete={onClear} sx={{ maxWidth: '100%' }} />}
        <Button component={Link} to={`/activity${log}`} sx={{ ml: 'auto' }}>
          {translate('timelines.acts.open_log')}
        </Button>
      </Box>
      {tabs.length > 1 && (
        <Tabs
          value={tab?.id}
          onChange={(_event, id: string) => setChosen(id)}
          aria-label={title}
          variant="scrollable"
          sx={{ px: 1, minHeight: 40 }}
        >
          {tabs.map(({ id, label }) => (
            <Tab
              key={id}
              value={id}
              id={`${titleId}-${id}`}
              label={label}
              aria-controls={`${titleId}-acts`}
              sx={{ textTransform: 'none', minHeight: 40 }}
            />
          ))}
        </Tabs>
      )}
      <Box
        id={`${titleId}-acts`}
        role={tabs.length > 1 ? 'tabpanel' : undefined}
        aria-labelledby={tabs.length > 1 ? `${titleId}-${tab?.id}` : undefined}
        sx={{
          display: 'flex',
          height: heightOf(acts.acts.length),
          '& > *': { border: 0, borderRadius: 0, minHeight: '0 !important' },
        }}
      >
        <ListCard
          acts={acts}
          listProps={{
            openId: '',
            takesFocus: false,
            addressOf,
            words,
            zone,
            onPick: pick,
            onCopyLink: (act) =>
              void copyText(`${window.location.origin}${addressOf(act)}`).then((isDone) =>
                announce(translate(isDone ? 'app.copy.done' : 'app.copy.failed')),
              ),
            handle: list,
          }}
          empty={{
            icon: null,
            title: part ? 'timelines.acts.none_then' : 'timelines.acts.none',
            text: 'timelines.acts.none_text',
          }}
          isFiltered={false}
          onClear={onClear}
          onZone={zone.toggle}
          filters={null}
        />
      </Box>
    </Paper>
  );
}
