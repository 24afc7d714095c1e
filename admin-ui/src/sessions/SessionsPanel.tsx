import { useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import { useInfiniteQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import Download from '@mui/icons-material/FileDownloadOutlined';
import { getJson, path } from '../api/httpClient';
import type { RoomSession, RoomSessionPage } from '../api/records';
import { usePermissionSet } from '../session/usePermissionSet';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { logPath } from '../shared/historyPaths';
import { TextLink } from '../shared/TextLink';
import { absoluteTime } from '../shared/time';
import { useErrorText } from '../shared/useErrorText';
import './messages.en';
import { OneParticipantDialog } from './OneParticipantDialog';
import { type DossierState, useDossier } from './useDossier';

const PAGE = 5;
/** A moderator who watches unseen: no participant whom a dossier could be for. */
const PEEK = 'rolecall-peek:';

/** The sessions of a room, each with its dossier. For who may read the log of the room. */
export function SessionsPanel({ room }: { room: string }) {
  const translate = useTranslate();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery({
      queryKey: ['rooms', room, 'sessions'],
      queryFn: ({ signal, pageParam }) =>
        getJson<RoomSessionPage>(`${path('rooms', room)}/sessions`, {
          query: { limit: PAGE, cursor: pageParam },
          signal,
        }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: ({ pageInfo }) => pageInfo.next ?? undefined,
    });
  const mayName = usePermissionSet()('ledger.export_people', room);
  const sessions = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Panel title={translate('sessions.title')} text={translate('sessions.text')}>
      {!mayName && (
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1.5 }}>
          {translate('sessions.no_names')}
        </Typography>
      )}
      {isPending && <Skeleton height={48} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data && sessions.length === 0 && <Typography>{translate('sessions.none')}</Typography>}
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: 'none', display: 'grid', gap: 1.5 }}>
        {sessions.map((session) => (
          <SessionRow key={session.id} room={room} session={session} mayName={mayName} />
        ))}
      </Box>
      {hasNextPage && (
        <Button sx={{ mt: 1 }} loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {translate('sessions.more')}
        </Button>
      )}
    </Panel>
  );
}

interface SessionRowProps {
  room: string;
  session: RoomSession;
  mayName: boolean;
}

function SessionRow({ room, session, mayName }: SessionRowProps) {
  const translate = useTranslate();
  const locale = useLocale();
  const { state, isBusy, start } = useDossier(room, session.id);
  const [isAsking, setAsking] = useState(false);
  const at = absoluteTime(new Date(session.startedAt), locale);
  const people = [...new Set(session.connections.map(({ identity }) => identity))].filter(
    (identity) => !identity.startsWith(PEEK),
  );
  return (
    <Box component="li" sx={{ display: 'grid', gap: 0.5 }}>
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
        <Box sx={{ flex: '1 1 240px', minWidth: 0 }}>
          <Typography>
            <TextLink to={logPath(actsOf(room, session))}>
              {session.endedAt === null
                ? `${at}, ${translate('sessions.running')}`
                : translate('sessions.length', {
                    from: at,
                    to: absoluteTime(new Date(session.endedAt), locale),
                  })}
            </TextLink>
          </Typography>
          <Typography variant="body2" color="text.secondary">
            {translate('sessions.people', { smart_count: people.length })}
          </Typography>
        </Box>
        <Button
          variant="outlined"
          startIcon={<Download />}
          loading={isBusy}
          loadingPosition="start"
          aria-label={translate('sessions.download_named', { at })}
          onClick={() => void start()}
        >
          {translate('sessions.download')}
        </Button>
        {mayName && people.length > 0 && (
          <Button
            disabled={isBusy}
            aria-label={translate('sessions.one_named', { at })}
            onClick={() => setAsking(true)}
          >
            {translate('sessions.one')}
          </Button>
        )}
      </Box>
      <Progress state={state} />
      {isAsking && (
        <OneParticipantDialog
          people={people}
          onClose={() => setAsking(false)}
          onChosen={(whom) => {
            setAsking(false);
            void start(whom);
          }}
        />
      )}
    </Box>
  );
}

/** The search that finds what happened in it. */
function actsOf(room: string, { startedAt, endedAt }: RoomSession) {
  const ends = endedAt === null ? '' : ` before:${new Date(Date.parse(endedAt) + 1).toISOString()}`;
  return `room:${JSON.stringify(room)} since:${startedAt}${ends}`;
}

function Progress({ state }: { state: DossierState }) {
  const translate = useTranslate();
  const locale = useLocale();
  const errorText = useErrorText();
  if (state.at === 'failed') return <Alert severity="error">{errorText(state.error)}</Alert>;
  const size = (bytes: number) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: 'kilobyte',
      maximumFractionDigits: 0,
    }).format(bytes / 1_000);
  const text = {
    idle: () => '',
    making: () => translate('sessions.making'),
    coming: () => translate('sessions.coming', { size: size('bytes' in state ? state.bytes : 0) }),
    saved: () => translate('sessions.saved', { name: 'name' in state ? state.name : '' }),
  }[state.at]();
  return (
    <Typography variant="body2" color="text.secondary" role="status">
      {text}
    </Typography>
  );
}
