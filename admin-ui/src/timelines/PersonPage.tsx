import { useMemo, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import type { PersonTimeline } from '@rolecall/server/api';
import { getJson, path } from '../api/httpClient';
import type { ExposurePage } from '../api/records';
import { ExposureTable } from './exposure/ExposureTable';
import './exposure/messages.en';
import { Face } from '../ledger/list/Face';
import { usePermissionSet } from '../session/usePermissionSet';
import { EmptyState } from '../shared/EmptyState';
import { ErrorState } from '../shared/ErrorState';
import { Mono } from '../shared/Mono';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { useTemplates } from '../shared/useTemplates';
import { useRouteSegment } from '../shared/useRouteSegment';
import { PersonDataPanel } from '../person-data/PersonDataPanel';
import { userPath } from '../users/paths';
import { ActsPanel } from './ActsPanel';
import { AsOf, barsAt, Decided } from './AsOf';
import type { Bar } from './chart/layout';
import { Columns, Frame, Split } from './Frame';
import { LaneCard } from './LaneCard';
import { quoted, timesOf, toLane, withTokens } from './laneWords';
import './messages.en';
import { roomHistoryPath } from '../shared/historyPaths';
import { SessionTable } from './SessionTable';
import { useTimelinePage } from './useTimelinePage';

/** A person over time: where they were and as what, what was decided about them, what they hold now. */
export function PersonPage() {
  const identity = useRouteSegment(1);
  return <Person key={identity} identity={identity} />;
}

function Person({ identity }: { identity: string }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const page = useTimelinePage<PersonTimeline>(path('people', identity));
  const { data, at, setAt, isUntilNow, now, moment, words, zone, chosen, setChosen } = page;
  const [room, setRoom] = useState<string | null>(null);
  const exposure = useQuery({
    queryKey: ['exposure', 'of', identity],
    queryFn: ({ signal }) =>
      getJson<ExposurePage>('/exposure', { query: { identity, limit: '20' }, signal }),
    retry: false,
  });
  const { byKey } = useTemplates();
  const lanes = useMemo(() => {
    const roleName = (key: string) => byKey.get(key)?.name ?? key;
    const of = (data?.lanes ?? []).map((lane) =>
      toLane(lane, 'room', roomHistoryPath(lane.room), data?.marks ?? [], words),
    );
    return isUntilNow ? withTokens(of, exposure.data?.data ?? [], words, roleName) : of;
  }, [data, exposure.data, isUntilNow, words, byKey]);
  const open = exposure.data ? exposure.data.counts.tokens + exposure.data.counts.sessions : 0;
  const blocked = lanes.filter((lane) => barsAt(lane, now).some(({ kind }) => kind === 'blocked'));
  const name = data?.person.name ?? identity;
  const there = lanes.filter((lane) => barsAt(lane, moment).some(({ kind }) => kind !== 'token'));
  const shown = room ?? there[0]?.id ?? lanes[0]?.id ?? null;
  const laneOf = (bar: Bar) => lanes.find(({ bars }) => bars.includes(bar));
  const about = `identity:${quoted(identity)}`;
  const chosenIn = chosen && lanes.find(({ bars }) => bars.some(({ id }) => id === chosen.id));

  return (
    <>
      <Title title={translate('timelines.person.title', { name })} />
      <Frame
        face={<Face of={identity} name={name} />}
        name={name}
        note={
          <>
            <Mono>{identity}</Mono>{' '}
            {data && data.person.kind !== 'user' && (
              <span>{translate('timelines.person.no_user')}</span>
            )}
          </>
        }
        badges={
          <>
            {blocked.map((lane) => (
              <StatusBadge key={lane.id} tone="bad" sx={{ whiteSpace: 'normal' }}>
                {translate('timelines.person.blocked_in', { room: lane.label })}
              </StatusBadge>
            ))}
            {open > 0 && (
              <StatusBadge tone="pending">
                {translate('timelines.person.open', { smart_count: open })}
              </StatusBadge>
            )}
          </>
        }
        actions={
          data?.person.kind === 'user' &&
          data.person.id &&
          can('user.read') && (
            <Button component={Link} to={userPath(data.person.id)} variant="outlined">
              {translate('timelines.person.settings')}
            </Button>
          )
        }
        {...page.frame}
      >
        {data && page.picture && page.acts && (
          <>
            <Split
              main={
                <LaneCard
                  title={translate('timelines.person.lanes')}
                  lanes={lanes}
                  of="room"
                  {...page.picture}
                  onChoose={(bar) => {
                    setChosen(bar);
                    setRoom((bar && laneOf(bar)?.id) ?? null);
                  }}
                  legend={['present', 'live', 'role', 'held', 'blocked', 'token']}
                  partial={
                    data.isPartial
                      ? translate('timelines.partial', { at: zone.format(data.readFrom, 'whole') })
                      : null
                  }
                  empty={{
                    title: translate('timelines.person.empty_title'),
                    text: translate('timelines.person.empty_text'),
                  }}
                />
              }
              aside={
                <AsOf at={at} onAt={setAt} lanes={lanes} whole={page.picture.whole} zone={zone}>
                  {shown === null ? (
                    <Typography variant="body2" color="text.secondary">
                      {translate('timelines.as_of.nowhere')}
                    </Typography>
                  ) : (
                    <>
                      <Rooms
                        rooms={(there.length > 0 ? there : lanes).map(({ id }) => id).slice(0, 6)}
                        chosen={shown}
                        onChoose={setRoom}
                      />
                      <States
                        bars={lanes
                          .filter(({ id }) => id === shown)
                          .flatMap((lane) => barsAt(lane, moment))}
                        said={({ name: what, by, ...times }) =>
                          `${what}${by === null ? '' : translate('timelines.said.by', { by })}, ${timesOf(times, words)}`
                        }
                      />
                      <Decided room={shown} identity={identity} at={at} />
                    </>
                  )}
                </AsOf>
              }
            />
            <ActsPanel
              title={translate('timelines.acts.title')}
              tabs={[
                { id: 'about', label: translate('timelines.acts.about'), query: about },
                {
                  id: 'by',
                  label: translate('timelines.acts.by'),
                  query: `actor:${quoted(identity)}`,
                },
                {
                  id: 'tokens',
                  label: translate('timelines.acts.tokens'),
                  query: `${about} kind:tokens`,
                },
              ]}
              {...page.acts}
              part={
                chosen && {
                  span: { from: chosen.from, to: chosen.to ?? now },
                  query: chosenIn ? `room:${quoted(chosenIn.id)}` : '',
                  label: `${chosen.name}, ${timesOf(chosen, words)}`,
                }
              }
              onClear={() => setChosen(null)}
            />
            <Columns>
              <Panel
                title={translate('timelines.sessions.title')}
                text={translate('timelines.sessions.text')}
              >
                <SessionTable
                  rows={data.lanes.flatMap((lane) =>
                    lane.connections.map((connection) => ({
                      ...connection,
                      label: lane.room,
                      to: roomHistoryPath(lane.room),
                    })),
                  )}
                  head="room"
                  zone={zone}
                />
              </Panel>
              <Panel
                title={translate('timelines.person.exposure')}
                action={
                  <Button component={Link} to={`/exposure?${new URLSearchParams({ identity })}`}>
                    {translate('timelines.person.all_exposure')}
                  </Button>
                }
              >
                {exposure.error ? (
                  <ErrorState error={exposure.error} onRetry={() => void exposure.refetch()} />
                ) : exposure.data?.data.length === 0 ? (
                  <EmptyState
                    title={translate('exposure.empty_title')}
                    text={translate('timelines.person.no_exposure')}
                  />
                ) : (
                  exposure.data && <ExposureTable rows={exposure.data.data} isOfOne />
                )}
              </Panel>
            </Columns>
            <PersonDataPanel identity={identity} name={name} />
          </>
        )}
      </Frame>
    </>
  );
}

interface RoomsProps {
  rooms: readonly string[];
  chosen: string;
  onChoose: (room: string) => void;
}

function Rooms({ rooms, chosen, onChoose }: RoomsProps) {
  const translate = useTranslate();
  const all = rooms.includes(chosen) ? rooms : [chosen, ...rooms];
  return (
    <Box
      role="group"
      aria-label={translate('timelines.as_of.rooms')}
      sx={{ display: 'flex', gap: 0.75, flexWrap: 'wrap' }}
    >
      {all.map((room) => (
        <Chip
          key={room}
          size="small"
          color={room === chosen ? 'primary' : 'default'}
          variant={room === chosen ? 'filled' : 'outlined'}
          label={<bdi translate="no">{room}</bdi>}
          aria-pressed={room === chosen}
          onClick={() => onChoose(room)}
          sx={{ maxWidth: '100%' }}
        />
      ))}
    </Box>
  );
}

function States({ bars, said }: { bars: readonly Bar[]; said: (bar: Bar) => string }) {
  const translate = useTranslate();
  if (bars.length === 0) {
    return (
      <Typography variant="body2" color="text.secondary">
        {translate('timelines.as_of.not_there')}
      </Typography>
    );
  }
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.25, fontSize: '.8125rem' }}>
      {bars.map((bar) => (
        <li key={bar.id}>{said(bar)}</li>
      ))}
    </Box>
  );
}
