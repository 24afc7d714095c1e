import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import { useVirtualizer } from '@tanstack/react-virtual';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import KeyboardArrowUp from '@mui/icons-material/KeyboardArrowUp';
import { useLocation, useNavigate } from 'react-router-dom';
import { useAnnounce } from '../shared/announce';
import { copyText } from '../shared/CopyButton';
import { EmptyState } from '../shared/EmptyState';
import { ErrorState } from '../shared/ErrorState';
import { useKeysetList } from '../shared/useKeysetList';
import { useRouteSegment } from '../shared/useRouteSegment';
import { useUrlFilters } from '../shared/useUrlFilters';
import { EntryDrawer } from './EntryDrawer';
import { FILTER_KEYS, isUsableFilter, type FilterValues, LedgerFilters } from './LedgerFilters';
import { LedgerFooter } from './LedgerFooter';
import { type Entry, LedgerRow, ROW_HEIGHT } from './LedgerRow';
import './messages.en';
import { startOf } from './timeRange';

export interface LedgerPageProps {
  /** The path of the page, and the first segment of an entry's own address. */
  base: '/issuances' | '/activity';
  route: '/issuances' | '/ledger';
  title: string;
  kinds: readonly string[];
  outcomes: readonly string[];
  /** Above the filters. */
  header?: ReactNode;
  empty: { icon: ReactNode; title: string; text: string; action?: ReactNode };
}

/** An append-only log: filters in the address, virtual rows, and each entry at its own address. */
export function LedgerPage({
  base,
  route,
  title,
  kinds,
  outcomes,
  empty,
  header,
}: LedgerPageProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const { search } = useLocation();
  const openId = useRouteSegment(1);
  const filters = useUrlFilters(FILTER_KEYS, (key, value) =>
    isUsableFilter(key, value, kinds, outcomes),
  );
  const list = useKeysetList<Entry>({
    route,
    filter: () => filterOf(filters.values),
    filterKey: filters.values,
  });
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  // eslint-disable-next-line react-hooks/incompatible-library -- only the React Compiler minds, which is not used
  const virtual = useVirtualizer({
    count: list.items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const rows = virtual.getVirtualItems();
  const lastRow = rows.at(-1)?.index ?? 0;
  const { hasMore, isFetchingMore, isMoreFailed, fetchMore, newer } = list;

  useEffect(() => {
    if (hasMore && !isFetchingMore && !isMoreFailed && lastRow >= list.items.length - 20) {
      fetchMore();
    }
  }, [hasMore, isFetchingMore, isMoreFailed, lastRow, list.items.length, fetchMore]);

  useEffect(() => {
    if (newer > 0) announce(translate('ledger.newer_said', { smart_count: newer }));
  }, [newer, announce, translate]);

  const addressOf = (entry: Entry) => `${base}/${encodeURIComponent(entry.id)}${search}`;
  const open = (entry: Entry | undefined) => {
    if (entry) void navigate(addressOf(entry));
  };
  const focusRow = (index: number) => {
    const next = Math.max(0, Math.min(list.items.length - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus(),
    );
  };

  // The keys work from the first moment.
  const hasRows = rows.length > 0;
  useEffect(() => {
    if (!hasRows || openId || !isFocusFree()) return;
    scroller.current?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
  }, [hasRows, openId]);

  const openIndex = useMemo(
    () => (openId ? list.items.findIndex(({ id }) => id === openId) : -1),
    [list.items, openId],
  );

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLocaleLowerCase() : event.key;
    const steps: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
    const step = steps[key];
    if (step !== undefined) {
      event.preventDefault();
      focusRow(active + step);
    } else if (key === 'Home') {
      event.preventDefault();
      focusRow(0);
    } else if (key === 'End') {
      event.preventDefault();
      focusRow(list.items.length - 1);
    } else if (key === 'y') {
      const entry = list.items[active];
      if (!entry) return;
      void copyText(`${window.location.origin}${addressOf(entry)}`).then((isDone) =>
        announce(translate(isDone ? 'app.copy.done' : 'app.copy.failed')),
      );
    }
  };

  return (
    <Box
      sx={{
        display: 'flex',
        flexDirection: 'column',
        flex: '1 0 auto',
        height: 0,
        minHeight: 420,
      }}
    >
      <Title title={translate(title)} />
      {header}
      <LedgerFilters {...filters} kinds={kinds} outcomes={outcomes} />
      {list.error && list.items.length === 0 ? (
        <ErrorState
          error={list.error}
          onRetry={list.retry}
          onReset={filters.isAny ? filters.clear : undefined}
        />
      ) : list.isPending ? (
        <Paper variant="outlined" sx={{ p: 2 }} aria-hidden>
          {Array.from({ length: 10 }, (_, row) => (
            <Skeleton key={row} height={36} animation={false} />
          ))}
        </Paper>
      ) : list.items.length === 0 ? (
        <Paper variant="outlined">
          {filters.isAny ? (
            <EmptyState
              title={translate('ledger.no_match')}
              text={translate('ledger.no_match_text')}
              action={
                <Button variant="outlined" onClick={filters.clear}>
                  {translate('app.action.clear_filters')}
                </Button>
              }
            />
          ) : (
            <EmptyState
              icon={empty.icon}
              title={translate(empty.title)}
              text={translate(empty.text)}
              action={empty.action}
            />
          )}
        </Paper>
      ) : (
        <Paper
          variant="outlined"
          sx={{
            position: 'relative',
            flex: 1,
            minHeight: 0,
            display: 'flex',
            flexDirection: 'column',
            opacity: list.isPlaceholder ? 0.6 : 1,
          }}
        >
          {newer > 0 && (
            <Box
              sx={{
                position: 'absolute',
                top: 8,
                left: 0,
                right: 0,
                textAlign: 'center',
                zIndex: 1,
                pointerEvents: 'none',
              }}
            >
              <Button
                variant="contained"
                startIcon={<KeyboardArrowUp />}
                sx={{ pointerEvents: 'auto', borderRadius: 4 }}
                onClick={() => {
                  setActive(0);
                  scroller.current?.scrollTo({ top: 0 });
                  void list.showNewer();
                }}
              >
                {translate(list.hasManyNewer ? 'ledger.newer_many' : 'ledger.newer', {
                  smart_count: newer,
                })}
              </Button>
            </Box>
          )}
          <Box
            ref={scroller}
            onKeyDown={onKeyDown}
            sx={{ flex: 1, minHeight: 0, overflowY: 'auto', overflowX: 'hidden' }}
          >
            <Box
              component="ol"
              aria-label={translate('ledger.list_label')}
              sx={{
                listStyle: 'none',
                m: 0,
                p: 0,
                position: 'relative',
                height: virtual.getTotalSize(),
              }}
            >
              {rows.map(({ index, start, key }) => {
                const entry = list.items[index];
                if (!entry) return null;
                return (
                  <Box
                    component="li"
                    key={key}
                    ref={virtual.measureElement}
                    data-index={index}
                    aria-setsize={hasMore ? -1 : list.items.length}
                    aria-posinset={index + 1}
                    sx={{ position: 'absolute', top: 0, left: 0, right: 0 }}
                    style={{ transform: `translateY(${start}px)` }}
                  >
                    <LedgerRow
                      entry={entry}
                      to={addressOf(entry)}
                      isOpen={entry.id === openId}
                      isTabStop={index === Math.min(active, list.items.length - 1)}
                      onFocus={() => setActive(index)}
                    />
                  </Box>
                );
              })}
            </Box>
          </Box>
          <LedgerFooter
            count={list.items.length}
            hasMore={hasMore}
            isFetchingMore={isFetchingMore}
            isFailed={isMoreFailed}
            onRetry={fetchMore}
          />
        </Paper>
      )}
      <EntryDrawer
        id={openId}
        route={route}
        base={base}
        known={list.items[openIndex]}
        onClose={() => {
          void navigate(`${base}${search}`);
          if (openIndex >= 0) requestAnimationFrame(() => focusRow(openIndex));
        }}
        onNewer={openIndex > 0 ? () => open(list.items[openIndex - 1]) : undefined}
        onOlder={
          openIndex >= 0 && openIndex < list.items.length - 1
            ? () => open(list.items[openIndex + 1])
            : undefined
        }
      />
    </Box>
  );
}

/** Nobody is anywhere yet, or still on the entry of the menu that led here. */
function isFocusFree(): boolean {
  const { activeElement } = document;
  return activeElement === document.body || Boolean(activeElement?.matches('nav [aria-current]'));
}

function filterOf({ since, from, to, ...rest }: FilterValues): Record<string, string> {
  const start = since && since !== 'custom' ? startOf(since, new Date())?.toISOString() : from;
  const entries = Object.entries({ ...rest, from: start ?? '', to }).filter(
    ([, value]) => value !== '',
  );
  return Object.fromEntries(entries);
}
