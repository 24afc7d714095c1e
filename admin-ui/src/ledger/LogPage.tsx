import {
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import useMediaQuery from '@mui/material/useMediaQuery';
import Tune from '@mui/icons-material/Tune';
import { useLocation, useNavigate, useSearchParams } from 'react-router-dom';
import type { Act } from '@rolecall/server/api';
import { useAnnounce } from '../shared/announce';
import { copyText } from '../shared/CopyButton';
import { takeToken } from '../shared/pastedToken';
import { useRouteSegment } from '../shared/useRouteSegment';
import { ChartPanel } from './chart/ChartPanel';
import type { Span } from './chart/scale';
import { ActPanel } from './detail/ActPanel';
import { ExportButton } from './export/ExportButton';
import { FacetPanel } from './facets/FacetPanel';
import { ListCard } from './list/ListCard';
import type { LogListHandle } from './list/LogList';
import type { ValueField } from './list/ActSentence';
import { LivePill } from './LivePill';
import { LogStyles } from './logStyles';
import './messages.en';
import { type MatchField, parseQuery, printQuery, printTime } from './query/language';
import { type Choosing, toggled, within } from './query/logSearch';
import { QueryBar } from './query/QueryBar';
import { useLogSearch } from './query/useLogSearch';
import { useActs } from './useActs';
import { useLogKeys } from './useLogKeys';
import { FoundRows } from './views/FoundRows';
import { ViewBar } from './views/ViewBar';
import './words/messages.en';
import './words/log/messages.en';
import { useWords } from './words/useWords';
import { ianaOf, useZone } from './zone';

export interface LogPageProps {
  /** The path of the page, and the first segment of an act's own address. */
  base: '/issuances' | '/activity';
  title: string;
  /** What is asked for when the address says nothing. */
  query?: string;
  /** Above the search. */
  header?: ReactNode;
  empty: { icon: ReactNode; title: string; text: string; action?: ReactNode };
}

/** From a question to an answer with its proof: search, picture, facets, acts, and one act beside them. */
export function LogPage({ base, title, query: initial = '', header, empty }: LogPageProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const { search: address } = useLocation();
  const [params, setParams] = useSearchParams();
  const openId = useRouteSegment(1);
  const zone = useZone();
  const iana = ianaOf(zone.zone);
  const words = useWords();
  const search = useLogSearch(initial);
  const { query, brush, setQuery, setBrush } = search;
  const [isLive, setIsLive] = useState(true);
  const [isFiltering, setIsFiltering] = useState(false);
  const list = useRef<LogListHandle>(null);
  const isWide = useMediaQuery('(min-width: 1200px)');
  const isVeryWide = useMediaQuery('(min-width: 1600px)');
  const hasFacets = useMediaQuery('(min-width: 900px)') && (openId === '' || isVeryWide || !isWide);
  const text = printQuery(within(query, brush));
  const acts = useActs({ query: text, zone: iana, isLive });
  const anomaly = params.get('found') ?? '';

  // A link may hold a token by mistake; it is taken out of the address at once.
  useEffect(() => {
    if (!takeToken(decodeURIComponent(address.replaceAll('+', ' ')))) return;
    setParams(new URLSearchParams(), { replace: true });
  }, [address, setParams]);
  const { newer } = acts;
  useEffect(() => {
    if (newer > 0) announce(translate('ledger.newer_said', { smart_count: newer }));
  }, [newer, announce, translate]);

  const onFilter = useCallback(
    (field: MatchField, value: string, how: Choosing) =>
      setQuery(toggled(query, field, value, how)),
    [query, setQuery],
  );
  useLogKeys({
    onZone: zone.toggle,
    onRefused: () => onFilter('outcome', 'refused', 'only'),
  });
  const onPick = useCallback(
    (field: ValueField, value: string, event: MouseEvent) =>
      onFilter(field, value, event.altKey || event.shiftKey ? 'without' : 'only'),
    [onFilter],
  );
  const { set } = search;
  const onRange = useCallback((span: Span) => set(within(query, span), null), [set, query]);
  const onAgo = useCallback(
    (ago: string) =>
      set(
        { ...query, since: ago ? parseQuery(`since:${ago}`).query.since : null, before: null },
        null,
      ),
    [set, query],
  );
  const ago = query.since ? printTime(query.since) : '';

  const addressOf = useCallback(
    (act: Act) => `${base}/${encodeURIComponent(act.id)}${address}`,
    [base, address],
  );
  const openIndex = useMemo(
    () => (openId === '' ? -1 : acts.acts.findIndex((act) => isOf(act, openId))),
    [acts.acts, openId],
  );
  const open = (index: number) => {
    const act = acts.acts[index];
    if (act) void navigate(addressOf(act));
  };
  const close = () => {
    void navigate(`${base}${address}`);
    if (openIndex >= 0) list.current?.focusRow(openIndex);
  };
  const linkTo = (path: string) => `${window.location.origin}${path}`;
  const copy = (link: string) => {
    void copyText(link).then((isDone) =>
      announce(translate(isDone ? 'app.copy.done' : 'app.copy.failed')),
    );
  };
  const openLink = linkTo(`${base}/${encodeURIComponent(openId)}`);
  const facets = <FacetPanel text={text} query={query} zone={iana} onToggle={onFilter} />;

  return (
    <Box
      sx={{
        display: 'grid',
        flex: '1 0 auto',
        height: { md: 0 },
        minHeight: { xs: 640, md: 560 },
        gap: 1.5,
        gridTemplateColumns: isWide && openId !== '' ? 'minmax(0, 1fr) 400px' : 'minmax(0, 1fr)',
        gridTemplateRows: 'minmax(0, 1fr)',
        gridTemplateAreas: isWide && openId !== '' ? '"main panel"' : '"main"',
      }}
    >
      <Title title={translate(title)} />
      <LogStyles />
      <Box
        sx={{ gridArea: 'main', display: 'flex', flexDirection: 'column', gap: 1.25, minWidth: 0 }}
      >
        <ViewBar base={base} query={query} zone={iana} anomaly={anomaly}>
          {header}
          {!anomaly && <ExportButton query={text} zone={iana} />}
          {!anomaly && (
            <LivePill
              isLive={isLive}
              newer={newer}
              hasMany={acts.hasManyNewer}
              onToggle={() => setIsLive(!isLive)}
              onShow={() => {
                list.current?.toTop();
                void acts.showNewer();
              }}
            />
          )}
        </ViewBar>
        {anomaly ? (
          <FoundRows name={anomaly} base={base} zone={zone} />
        ) : (
          <>
            <QueryBar
              query={query}
              zone={iana}
              onChange={setQuery}
              count={
                acts.acts.length > 0 &&
                translate('ledger.shown', {
                  smart_count: acts.acts.length,
                  count: `${acts.acts.length.toLocaleString()}${acts.hasMore ? '+' : ''}`,
                })
              }
            />
            <ChartPanel
              query={search.text}
              zone={zone}
              brush={brush}
              onBrush={setBrush}
              onRange={onRange}
              onAgo={onAgo}
              ago={ago}
            />
            <Box sx={{ display: 'flex', gap: 2, flex: 1, minHeight: 0 }}>
              {hasFacets && (
                <Box
                  component="section"
                  aria-label={translate('ledger.facet.label')}
                  sx={{ width: 192, flex: 'none', overflowY: 'auto', overflowX: 'hidden' }}
                >
                  {facets}
                </Box>
              )}
              <ListCard
                acts={acts}
                listProps={{
                  openId,
                  addressOf,
                  words,
                  zone,
                  onPick,
                  onCopyLink: (act: Act) => copy(linkTo(addressOf(act))),
                  handle: list,
                }}
                empty={empty}
                isFiltered={search.text !== initial || brush !== null}
                onClear={() => search.set(parseQuery('').query, null)}
                onZone={zone.toggle}
                filters={
                  !hasFacets && (
                    <Button startIcon={<Tune />} onClick={() => setIsFiltering(true)}>
                      {translate('ledger.facet.label')}
                    </Button>
                  )
                }
              />
            </Box>
          </>
        )}
      </Box>
      <ActPanel
        id={openId}
        known={acts.acts[openIndex]}
        link={openLink}
        isBeside={isWide}
        words={words}
        zone={zone}
        onFilter={onFilter}
        onClose={close}
        onCopyLink={() => copy(openLink)}
        onNewer={openIndex > 0 ? () => open(openIndex - 1) : undefined}
        onOlder={
          openIndex >= 0 && openIndex < acts.acts.length - 1 ? () => open(openIndex + 1) : undefined
        }
      />
      <Dialog
        open={isFiltering && !hasFacets}
        onClose={() => setIsFiltering(false)}
        fullWidth
        maxWidth="xs"
        aria-label={translate('ledger.facet.label')}
      >
        <DialogTitle component="h2" sx={{ fontSize: '1rem' }}>
          {translate('ledger.facet.label')}
        </DialogTitle>
        <DialogContent>{facets}</DialogContent>
        <DialogActions>
          <Button variant="contained" onClick={() => setIsFiltering(false)}>
            {translate('ledger.facet.done')}
          </Button>
        </DialogActions>
      </Dialog>
    </Box>
  );
}

const isOf = (act: Act, id: string) =>
  act.id === id || act.entry.id === id || act.steps.some((step) => step.id === id);
