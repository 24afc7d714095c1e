import { useMemo, useState } from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import MeetingRoom from '@mui/icons-material/MeetingRoomOutlined';
import { Link } from 'react-router-dom';
import { TextLink } from '../shared/TextLink';
import type { RoomTimeline } from '@rolecall/server/api';
import { path } from '../api/httpClient';
import { roomConsolePath, roomSettingsPath } from '../rooms/paths';
import { usePermissionSet } from '../session/usePermissionSet';
import { Panel } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { useRouteSegment } from '../shared/useRouteSegment';
import { SessionsPanel } from '../sessions/SessionsPanel';
import { ActsPanel } from './ActsPanel';
import { AsOf, barsAt } from './AsOf';
import { BarCard } from './BarCard';
import type { Bar, Lane, Span } from './chart/layout';
import { Columns, Frame, Split } from './Frame';
import { LaneCard } from './LaneCard';
import { type LaneWords, quoted, timesOf, toLane } from './laneWords';
import './messages.en';
import { personPath } from '../shared/historyPaths';
import { SessionTable } from './SessionTable';
import { useTimelinePage } from './useTimelinePage';

/** A room over time: who was there, who was live, and what was decided. */
export function RoomHistoryPage() {
  const room = useRouteSegment(1);
  return <History key={room} room={room} />;
}

function History({ room }: { room: string }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const page = useTimelinePage<RoomTimeline>(path('rooms', room));
  const { data, at, setAt, now, moment, words, zone, chosen, setChosen } = page;
  const [brush, setBrush] = useState<Span | null>(null);
  const people = useMemo(
    () =>
      (data?.lanes ?? []).map((lane) =>
        toLane(lane, 'identity', personPath(lane.identity), data?.marks ?? [], words),
      ),
    [data, words],
  );
  const lanes = useMemo(
    () => (data ? [...roomLane(data, words), ...people] : []),
    [data, people, words],
  );
  const about = `room:${quoted(room)}`;
  const chosenIn = chosen && people.find(({ bars }) => bars.some(({ id }) => id === chosen.id));
  const there = people.filter((lane) =>
    barsAt(lane, moment).some(({ kind }) => kind === 'present' || kind === 'live'),
  );
  const held = people.filter((lane) =>
    barsAt(lane, moment).some(({ kind }) => kind === 'held' || kind === 'blocked'),
  );
  return (
    <>
      <Title title={translate('timelines.room.title', { room })} />
      <Frame
        face={<MeetingRoom aria-hidden sx={{ color: 'text.secondary' }} />}
        name={room}
        note={data && translate('timelines.room.note', { smart_count: data.people })}
        actions={
          can('room.read', room) && (
            <>
              <Button component={Link} to={roomConsolePath(room)} variant="outlined">
                {translate('timelines.room.console')}
              </Button>
              <Button component={Link} to={roomSettingsPath(room)}>
                {translate('timelines.room.settings')}
              </Button>
            </>
          )
        }
        {...page.frame}
      >
        {data && page.picture && page.acts && (
          <>
            <BarCard
              title={translate('timelines.room.strip')}
              layers={[
                { id: 'publishers', tone: 'good' },
                { id: 'listeners', tone: 'neutral' },
              ]}
              more={['acts', 'refused']}
              columns={data.strip.map((bar, index) => ({
                at: Date.parse(bar.at),
                to: Date.parse(data.strip[index + 1]?.at ?? data.to),
                counts: [bar.publishers, bar.present - bar.publishers],
                numbers: [bar.publishers, bar.present - bar.publishers, bar.acts, bar.refused],
              }))}
              chosen={brush}
              onChoose={(next) => {
                setBrush(next);
                setChosen(null);
              }}
              zone={zone}
            />
            <Split
              main={
                <LaneCard
                  title={translate('timelines.room.lanes')}
                  lanes={lanes}
                  of="identity"
                  {...page.picture}
                  onChoose={(bar) => {
                    setChosen(bar);
                    setBrush(null);
                  }}
                  legend={['session', 'scene', 'present', 'live', 'role', 'held', 'blocked']}
                  partial={
                    data.isPartial
                      ? translate('timelines.room.partial', {
                          shown: data.lanes.length,
                          people: data.people,
                          at: zone.format(data.readFrom, 'whole'),
                        })
                      : null
                  }
                  empty={{
                    title: translate('timelines.room.empty_title'),
                    text: translate('timelines.room.empty_text'),
                  }}
                />
              }
              aside={
                <AsOf at={at} onAt={setAt} lanes={lanes} whole={page.picture.whole} zone={zone}>
                  <Present title="there" lanes={there} at={moment} />
                  {held.length > 0 && <Present title="held" lanes={held} at={moment} />}
                </AsOf>
              }
            />
            <ActsPanel
              title={translate('timelines.room.acts')}
              tabs={[
                {
                  id: 'seats',
                  label: translate('timelines.acts.decided'),
                  query: `${about} kind:seats`,
                },
                {
                  id: 'refusals',
                  label: translate('timelines.acts.refused'),
                  query: `${about} kind:refusals`,
                },
                {
                  id: 'rooms',
                  label: translate('timelines.acts.room'),
                  query: `${about} kind:rooms`,
                },
                { id: 'all', label: translate('timelines.acts.all'), query: about },
              ]}
              {...page.acts}
              part={
                chosen
                  ? {
                      span: { from: chosen.from, to: chosen.to ?? now },
                      query: chosenIn ? `identity:${quoted(chosenIn.id)}` : '',
                      label: `${chosenIn ? `${chosenIn.label}: ` : ''}${chosen.name}, ${timesOf(chosen, words)}`,
                    }
                  : brush && {
                      span: brush,
                      query: '',
                      label: timesOf({ ...brush, until: null }, words),
                    }
              }
              onClear={() => {
                setChosen(null);
                setBrush(null);
              }}
            />
            <Columns>
              <Panel
                title={translate('timelines.room.connections')}
                text={translate('timelines.sessions.text')}
              >
                <SessionTable
                  rows={data.lanes.flatMap((lane) =>
                    lane.connections.map((connection) => ({
                      ...connection,
                      label: lane.name,
                      to: personPath(lane.identity),
                    })),
                  )}
                  head="identity"
                  zone={zone}
                />
              </Panel>
              <Silent data={data} />
            </Columns>
            <SessionsPanel room={room} />
          </>
        )}
      </Frame>
    </>
  );
}

/** What the room did itself, as the first lane. */
function roomLane(data: RoomTimeline, words: LaneWords): Lane[] {
  const { translate } = words;
  const bar = (
    kind: Bar['kind'],
    name: string,
    id: string,
    { from, to, entry }: { from: string; to: string | null; entry: string },
  ): Bar => {
    const times = { from: Date.parse(from), to: to === null ? null : Date.parse(to), until: null };
    return {
      ...times,
      id,
      kind,
      role: null,
      name,
      said: `${name}: ${timesOf(times, words)}`,
      by: null,
      entry,
    };
  };
  const bars = [
    ...data.sessions.map((one, at) =>
      bar('session', translate('timelines.room.ran'), `session ${at}`, one),
    ),
    ...data.scenes.map((one, at) =>
      bar(
        'scene',
        translate('timelines.room.scene', { name: one.name ?? '…' }),
        `scene ${at}`,
        one,
      ),
    ),
    ...data.closed.map((one, at) =>
      bar('blocked', translate('timelines.room.closed'), `closed ${at}`, one),
    ),
  ];
  if (bars.length === 0) return [];
  return [{ id: '', label: translate('timelines.room.itself'), to: null, bars, marks: [] }];
}

const MOST = 12;

function Present({ title, lanes, at }: { title: string; lanes: readonly Lane[]; at: number }) {
  const translate = useTranslate();
  return (
    <Box>
      <Typography component="h3" variant="body2" sx={{ fontWeight: 650, mb: 0.5 }}>
        {translate(`timelines.room.${title}`, { smart_count: lanes.length })}
      </Typography>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.5 }}>
        {lanes.slice(0, MOST).map((lane) => {
          const bars = barsAt(lane, at);
          const role = bars.find((bar) => bar.role && bar.kind !== 'role')?.role;
          return (
            <Box
              component="li"
              key={lane.id}
              sx={{ display: 'flex', gap: 1, alignItems: 'center', fontSize: '.8125rem' }}
            >
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
                {lane.to ? <TextLink to={lane.to}>{lane.label}</TextLink> : lane.label}
              </Box>
              {title === 'held' ? (
                <span>{bars.find(({ kind }) => kind === 'held' || kind === 'blocked')?.name}</span>
              ) : (
                role && <RoleChip template={role.key} name={role.name} color={role.color} />
              )}
            </Box>
          );
        })}
      </Box>
      {lanes.length > MOST && (
        <Typography variant="body2" color="text.secondary">
          {translate('timelines.room.more', { smart_count: lanes.length - MOST })}
        </Typography>
      )}
    </Box>
  );
}

/** Who could listen and was never to be heard: hidden ones first. */
function Silent({ data }: { data: RoomTimeline }) {
  const translate = useTranslate();
  const listeners = data.lanes.flatMap(({ identity, name, segments }) => {
    const present = segments.filter(({ kind }) => kind === 'present');
    const isHidden = present.some((one) => one.isHidden);
    const isSilent = present.length > 0 && present.every(({ canPublish }) => canPublish === false);
    return isHidden || isSilent ? [{ identity, name, isHidden }] : [];
  });
  const sorted = listeners.toSorted((a, b) => Number(b.isHidden) - Number(a.isHidden));
  return (
    <Panel
      title={translate('timelines.room.silent')}
      text={translate('timelines.room.silent_text')}
    >
      {sorted.length === 0 ? (
        <Typography variant="body2" color="text.secondary">
          {translate('timelines.room.silent_none')}
        </Typography>
      ) : (
        <Box
          component="ul"
          sx={{ listStyle: 'none', m: 0, p: 0, maxHeight: 360, overflow: 'auto' }}
        >
          {sorted.map(({ identity, name, isHidden }) => (
            <Box
              component="li"
              key={identity}
              sx={{ display: 'flex', gap: 1, py: 0.5, fontSize: '.8125rem' }}
            >
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
                <TextLink to={personPath(identity)}>
                  <bdi translate="no">{name}</bdi>
                </TextLink>
              </Box>
              <StatusBadge tone={isHidden ? 'pending' : 'neutral'}>
                {translate(isHidden ? 'timelines.room.was_hidden' : 'timelines.room.was_silent')}
              </StatusBadge>
            </Box>
          ))}
        </Box>
      )}
    </Panel>
  );
}
