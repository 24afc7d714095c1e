import { useLocale, useTranslate } from 'react-admin';
import { useInfiniteQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import type { AnomalyRow, AnomalyRows } from '@rolecall/server/api';
import { getJson, path } from '../../api/httpClient';
import { EmptyState } from '../../shared/EmptyState';
import { ErrorState } from '../../shared/ErrorState';
import { RoleChip } from '../../shared/RoleChip';
import { actorPath, personPath, roomHistoryPath } from '../../shared/historyPaths';
import { TextLink } from '../../shared/TextLink';
import { Face } from '../list/Face';
import { useWords } from '../words/useWords';
import type { useZone } from '../zone';
import { foundSentence, type FoundPart } from './foundSentence';
import { countText } from './ViewBar';

export interface FoundRowsProps {
  name: string;
  base: string;
  zone: ReturnType<typeof useZone>;
}

/** What was found of one kind, each with the way to its acts. */
export function FoundRows({ name, base, zone }: FoundRowsProps) {
  const translate = useTranslate();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery({
      queryKey: ['/ledger/anomalies', name],
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam, signal }) =>
        getJson<AnomalyRows>(`/ledger/anomalies${path(name)}`, {
          query: { cursor: pageParam },
          signal,
        }),
      getNextPageParam: (last) => last.pageInfo.next ?? undefined,
      retry: false,
    });
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (isPending || !data) {
    return (
      <Paper variant="outlined" sx={{ p: 2 }} aria-hidden>
        <Skeleton height={48} animation={false} />
        <Skeleton height={48} animation={false} />
      </Paper>
    );
  }
  const [first] = data.pages;
  const rows = data.pages.flatMap((page) => page.data);
  const to = (query: string) => `${base}?${new URLSearchParams({ query })}`;
  return (
    <Paper variant="outlined" sx={{ flex: 1, minHeight: 0, overflowY: 'auto' }}>
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          alignItems: 'flex-start',
          columnGap: 2,
          px: 2,
          py: 1.5,
        }}
      >
        <Box sx={{ flex: '1 1 320px' }}>
          <Typography variant="h2">{titleOf(name, first, translate)}</Typography>
          <Typography variant="body2" color="text.secondary">
            {first && textOf(first, zone, translate)}
          </Typography>
        </Box>
        {first?.query && (
          <Button component={Link} to={to(first.query)}>
            {translate('ledger.found.in_log')}
          </Button>
        )}
      </Box>
      {rows.length === 0 ? (
        <EmptyState title={translate('ledger.found.none')} />
      ) : (
        <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {rows.map((row) => (
            <Found key={row.id} name={name} row={row} to={to(row.query)} zone={zone} />
          ))}
        </Box>
      )}
      {hasNextPage && (
        <Button sx={{ m: 1 }} loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {translate('ledger.found.more')}
        </Button>
      )}
    </Paper>
  );
}

type Translate = ReturnType<typeof useTranslate>;

function titleOf(name: string, first: AnomalyRows | undefined, translate: Translate) {
  const title = translate(`ledger.anomaly.${name}`, { _: first?.title ?? name });
  return first ? `${title} · ${countText(first)}` : title;
}

function textOf(first: AnomalyRows, zone: FoundRowsProps['zone'], translate: Translate) {
  const since = translate('ledger.found.since', { at: zone.format(first.since, 'whole') });
  const what = translate(`ledger.anomaly_what.${first.name}`, { _: first.what });
  return [what, since, first.isPartial && translate('ledger.found.partial')]
    .filter(Boolean)
    .join(' ');
}

interface FoundProps {
  name: string;
  row: AnomalyRow;
  to: string;
  zone: FoundRowsProps['zone'];
}

function Found({ name, row, to, zone }: FoundProps) {
  const translate = useTranslate();
  const locale = useLocale();
  const { words } = useWords();
  const parts = foundSentence(name, row, { ...words, locale });
  const person = row.people.subject ?? row.people.actor;
  return (
    <Box
      component="li"
      sx={{
        display: 'flex',
        alignItems: 'center',
        flexWrap: 'wrap',
        columnGap: 1.5,
        minHeight: 48,
        px: 2,
        py: 0.75,
        borderTop: 1,
        borderColor: 'divider',
        fontSize: '.8125rem',
      }}
    >
      <Box component="time" dateTime={row.at} sx={{ width: 110, color: 'text.secondary' }}>
        {zone.format(row.at, 'dayAndMinute')}
      </Box>
      {person && (
        <Face
          of={person.identity ?? person.id ?? person.name}
          name={person.name}
          kind={person.kind}
        />
      )}
      <Box sx={{ flex: 1, minWidth: 200, overflowWrap: 'anywhere' }}>
        {parts.map((part, at) => (
          <FoundName key={at} part={part} row={row} />
        ))}
        {row.proposed && (
          <Box component="span" sx={{ ml: 1, color: 'text.secondary' }}>
            <span>{`${translate('ledger.found.proposed')} `}</span>
            <RoleChip
              template={row.proposed.key}
              name={row.proposed.name}
              color={row.proposed.color}
            />
          </Box>
        )}
      </Box>
      <Button component={Link} to={to}>
        {translate('ledger.found.show', { smart_count: row.count })}
      </Button>
    </Box>
  );
}

/** A name in the sentence leads to its page. */
function FoundName({ part: { name, text }, row }: { part: FoundPart; row: AnomalyRow }) {
  const { people, identity, room, role } = row;
  if (name === undefined) return <span>{text}</span>;
  const named = <bdi translate="no">{text}</bdi>;
  if (name === 'role') {
    return role ? (
      <TextLink to={`/role-templates/${encodeURIComponent(role.key)}`}>
        <RoleChip template={role.key} name={role.name} color={role.color} />
      </TextLink>
    ) : (
      named
    );
  }
  const { actor } = people;
  const to = {
    subject: identity === null ? undefined : personPath(identity),
    // A pattern of rooms is no room.
    room: room === null || room.includes('*') ? undefined : roomHistoryPath(room),
    actor: actor ? pageOfActor(actor) : undefined,
  }[name];
  return to ? <TextLink to={to}>{named}</TextLink> : <strong>{named}</strong>;
}

function pageOfActor({ kind, id, identity }: NonNullable<AnomalyRow['people']['actor']>) {
  return identity === null ? actorPath(kind, id) : personPath(identity);
}
