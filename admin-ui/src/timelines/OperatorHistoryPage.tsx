import { useMemo } from 'react';
import { Title, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import { TextLink } from '../shared/TextLink';
import type { OperatorTimeline } from '@rolecall/server/api';
import { path } from '../api/httpClient';
import { Face } from '../ledger/list/Face';
import type { useZone } from '../ledger/zone';
import { usePermissionSet } from '../session/usePermissionSet';
import { Mono } from '../shared/Mono';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { useRouteSegment } from '../shared/useRouteSegment';
import { ActsPanel } from './ActsPanel';
import { AsOf } from './AsOf';
import type { Lane } from './chart/layout';
import { Frame, Split } from './Frame';
import { LaneCard } from './LaneCard';
import { type LaneWords, quoted, timesOf } from './laneWords';
import './messages.en';
import { entryPath, logPath, roomHistoryPath } from '../shared/historyPaths';
import { useTimelinePage } from './useTimelinePage';

type Held = NonNullable<OperatorTimeline['access']>[number];

/** An operator over time: what they did, and what they could do then. */
export function OperatorHistoryPage() {
  const id = useRouteSegment(1);
  return <History key={id} id={id} />;
}

function History({ id }: { id: string }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const page = useTimelinePage<OperatorTimeline>(path('operators', id));
  const { data, at, setAt, now, moment, words, zone, chosen, setChosen } = page;
  const lanes = useMemo(() => (data ? lanesOf(data, words) : []), [data, words]);
  const name = data?.operator.name ?? id;
  const about = `actor:${quoted(id)}`;
  const chosenIn = chosen && lanes.find(({ bars }) => bars.some((bar) => bar.id === chosen.id));
  const roomOf = chosenIn?.to ? chosenIn.label : null;
  const held = data?.access?.find(
    ({ from, to }) => Date.parse(from) <= moment && (to === null || Date.parse(to) > moment),
  );
  return (
    <>
      <Title title={translate('timelines.operator.title', { name })} />
      <Frame
        face={<Face of={id} name={name} kind="operator" />}
        name={name}
        note={<Mono>{id}</Mono>}
        actions={
          can('operator.read') && (
            <Button component={Link} to={`/operators/${encodeURIComponent(id)}`} variant="outlined">
              {translate('timelines.operator.settings')}
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
                  title={translate('timelines.operator.lanes')}
                  lanes={lanes}
                  of="room"
                  {...page.picture}
                  onChoose={setChosen}
                  legend={['work']}
                  partial={
                    data.isPartial
                      ? translate('timelines.partial', { at: zone.format(data.readFrom, 'whole') })
                      : null
                  }
                  empty={{
                    title: translate('timelines.operator.empty_title'),
                    text: translate('timelines.operator.empty_text'),
                  }}
                />
              }
              aside={
                <AsOf
                  at={at}
                  onAt={setAt}
                  lanes={[...lanes, ...accessLane(data.access ?? [])]}
                  whole={page.picture.whole}
                  zone={zone}
                >
                  <Typography component="h3" variant="body2" sx={{ fontWeight: 650 }}>
                    {translate('timelines.operator.could')}
                  </Typography>
                  {data.access === null ? (
                    <Typography variant="body2" color="text.secondary">
                      {translate('timelines.operator.limited')}
                    </Typography>
                  ) : held ? (
                    <Could held={held} />
                  ) : (
                    <Typography variant="body2" color="text.secondary">
                      {translate('timelines.operator.not_yet')}
                    </Typography>
                  )}
                </AsOf>
              }
            />
            <ActsPanel
              title={translate('timelines.operator.acts')}
              tabs={[
                { id: 'all', label: translate('timelines.acts.all'), query: about },
                {
                  id: 'seats',
                  label: translate('timelines.acts.seats'),
                  query: `${about} kind:seats`,
                },
                {
                  id: 'policy',
                  label: translate('timelines.acts.policy'),
                  query: `${about} kind:policy`,
                },
                {
                  id: 'looks',
                  label: translate('timelines.acts.looks'),
                  query: `${about} kind:looks`,
                },
              ]}
              {...page.acts}
              part={
                chosen && {
                  // The last entry of the stretch belongs to it.
                  span: { from: chosen.from, to: (chosen.to ?? now) + 1 },
                  query: roomOf === null ? '' : `room:${quoted(roomOf)}`,
                  label: `${chosen.name}, ${timesOf(chosen, words)}`,
                }
              }
              onClear={() => setChosen(null)}
            />
            {data.access !== null && <Accesses access={data.access} zone={zone} />}
          </>
        )}
      </Frame>
    </>
  );
}

function lanesOf(data: OperatorTimeline, words: LaneWords): Lane[] {
  const { translate } = words;
  const lanes = data.lanes.map((lane): Lane => {
    const key = lane.room ?? '';
    return {
      id: key,
      label: lane.room ?? translate('timelines.operator.no_room'),
      to: lane.room === null ? null : roomHistoryPath(lane.room),
      bars: lane.stretches.map(({ from, to, count, refused, entry }, index) => {
        const times = { from: Date.parse(from), to: Date.parse(to), until: null };
        const name = translate('timelines.operator.work', { smart_count: count });
        const no = refused > 0 ? `, ${translate('timelines.operator.refused', { refused })}` : '';
        return {
          ...times,
          id: `${key} ${index}`,
          kind: 'work' as const,
          role: null,
          name,
          said: `${name}${no}: ${timesOf(times, words)}`,
          by: null,
          entry,
        };
      }),
      marks: [],
    };
  });
  if (data.signedIn.length === 0) return lanes;
  const marks = data.signedIn.map(({ at, entry }) => ({
    id: entry,
    at: Date.parse(at),
    said: translate('timelines.operator.signed_in_at', { at: words.format(at, 'dayAndMinute') }),
    isRefused: false,
  }));
  const label = translate('timelines.operator.signed_in');
  return [...lanes, { id: 'signed in', label, to: null, bars: [], marks }];
}

/** The moments at which what they could do changed. */
function accessLane(access: readonly Held[]): Lane[] {
  const marks = access.map(({ from, entry }) => ({
    id: entry ?? from,
    at: Date.parse(from),
    said: '',
    isRefused: false,
  }));
  return [{ id: 'access', label: '', to: null, bars: [], marks }];
}

function Could({ held }: { held: Held }) {
  const translate = useTranslate();
  if (held.isDisabled) {
    return <StatusBadge tone="bad">{translate('timelines.operator.disabled')}</StatusBadge>;
  }
  if (held.access.length === 0) {
    return <Typography variant="body2">{translate('timelines.operator.nothing')}</Typography>;
  }
  return held.access.map(({ role, name, rooms, permissions }) => (
    <Box key={`${role} ${rooms?.join() ?? ''}`} sx={{ fontSize: '.8125rem' }}>
      <Box sx={{ fontWeight: 600 }}>
        {rooms === null
          ? translate('timelines.operator.everywhere', { role: name })
          : translate('timelines.operator.in_rooms', { role: name, rooms: rooms.join(', ') })}
      </Box>
      <Box component="details">
        <Box component="summary" sx={{ cursor: 'pointer', minHeight: 24, lineHeight: '24px' }}>
          {translate('timelines.operator.permissions', { smart_count: permissions.length })}
        </Box>
        <Box component="ul" sx={{ m: 0, pl: 2.25, maxHeight: 260, overflow: 'auto' }} tabIndex={0}>
          {permissions.map((permission) => (
            <li key={permission}>
              <Mono>{permission}</Mono>
            </li>
          ))}
        </Box>
      </Box>
    </Box>
  ));
}

interface AccessesProps {
  access: readonly Held[];
  zone: ReturnType<typeof useZone>;
}

function Accesses({ access, zone }: AccessesProps) {
  const translate = useTranslate();
  const title = translate('timelines.operator.access');
  return (
    <Panel title={title} text={translate('timelines.operator.access_text')}>
      <Box sx={{ overflowX: 'auto' }} tabIndex={0} role="group" aria-label={title}>
        <Table size="small" aria-label={title}>
          <TableHead>
            <TableRow>
              {['from', 'to', 'access', 'by', 'entry'].map((column) => (
                <TableCell key={column}>{translate(`timelines.table.${column}`)}</TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {access.toReversed().map((one) => (
              <TableRow key={one.from}>
                <TableCell component="th" scope="row">
                  {zone.format(one.from, 'whole')}
                </TableCell>
                <TableCell>
                  {one.to === null
                    ? translate('timelines.table.goes_on')
                    : zone.format(one.to, 'whole')}
                </TableCell>
                <TableCell>
                  {one.isDisabled
                    ? translate('timelines.operator.disabled')
                    : one.access
                        .map(({ name, rooms }) =>
                          rooms === null ? name : `${name} (${rooms.join(', ')})`,
                        )
                        .join(', ') || translate('timelines.operator.nothing')}
                </TableCell>
                <TableCell>
                  {one.by && (
                    <TextLink to={logPath(`actor:${quoted(one.by)}`)}>
                      <bdi translate="no">{one.by}</bdi>
                    </TextLink>
                  )}
                </TableCell>
                <TableCell>
                  {one.entry && (
                    <TextLink to={entryPath(one.entry)}>
                      {translate('timelines.table.open')}
                    </TextLink>
                  )}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Box>
    </Panel>
  );
}
