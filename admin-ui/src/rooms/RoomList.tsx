import { DataTable, useListContext, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import MeetingRoom from '@mui/icons-material/MeetingRoomOutlined';
import Settings from '@mui/icons-material/SettingsOutlined';
import Tooltip from '@mui/material/Tooltip';
import { Link } from 'react-router-dom';
import type { Room } from '../api/records';
import { SearchFilter, SelectBox } from '../shared/filters';
import { RecordList } from '../shared/RecordList';
import { RoleChip } from '../shared/RoleChip';
import { RowLink } from '../shared/RowLink';
import { TimeText } from '../shared/TimeText';
import './messages.en';
import { roomConsolePath, roomSettingsPath } from './paths';
import { RoomState } from './RoomState';

const Column = DataTable.Col<Room>;
const wide = { display: { xs: 'none', md: 'table-cell' } };

export function RoomList() {
  const translate = useTranslate();
  return (
    <RecordList
      title="app.nav.rooms"
      sort={{ field: 'name', order: 'ASC' }}
      create={{ permission: 'room.create', label: 'rooms.create' }}
      empty={{
        icon: <MeetingRoom />,
        title: 'rooms.empty_title',
        text: 'rooms.empty_text',
      }}
      rowClick={(room) => roomConsolePath(room.name as string)}
      isRowMuted={(room) => room.isClosed as boolean}
      filters={
        <>
          <SearchFilter label="rooms.search" />
          <RoomStateFilter />
        </>
      }
    >
      <Column
        source="name"
        render={(room) => (
          <Box sx={{ minWidth: 0 }}>
            <RowLink to={roomConsolePath(room.name)}>
              <bdi translate="no">{room.name}</bdi>
            </RowLink>
            {room.title && room.title !== room.name && (
              <Box component="span" sx={{ color: 'text.secondary', ml: 1 }}>
                <bdi translate="no">{room.title}</bdi>
              </Box>
            )}
          </Box>
        )}
      />
      <Column label="resources.rooms.fields.state" render={(room) => <RoomState room={room} />} />
      <Column
        source="numParticipants"
        align="right"
        disableSort
        render={(room) =>
          room.maxParticipants > 0
            ? translate('rooms.people_of', {
                count: room.numParticipants,
                max: room.maxParticipants,
              })
            : room.numParticipants
        }
      />
      <Column
        source="defaultTemplate"
        sx={wide}
        disableSort
        render={(room) =>
          room.defaultTemplate ? <RoleChip template={room.defaultTemplate} /> : '–'
        }
      />
      <Column source="createdAt" sx={wide} render={(room) => <TimeText at={room.createdAt} />} />
      <Column
        label="app.list.actions"
        align="right"
        render={(room) => (
          <Tooltip title={translate('rooms.edit_named', { name: room.name })}>
            <IconButton
              component={Link}
              to={roomSettingsPath(room.name)}
              onClick={(event) => event.stopPropagation()}
              aria-label={translate('rooms.edit_named', { name: room.name })}
            >
              <Settings sx={{ fontSize: 18 }} />
            </IconButton>
          </Tooltip>
        )}
      />
    </RecordList>
  );
}

const STATES: Record<string, Record<string, boolean>> = {
  live: { isLive: true },
  open: { isClosed: false },
  closed: { isClosed: true },
};

function RoomStateFilter() {
  const translate = useTranslate();
  const { filterValues, setFilters } = useListContext();
  const { isLive, isClosed, ...others } = (filterValues ?? {}) as Record<string, unknown>;
  const value = isLive ? 'live' : isClosed === true ? 'closed' : isClosed === false ? 'open' : '';
  return (
    <SelectBox
      label={translate('rooms.filter.state')}
      value={value}
      choices={Object.keys(STATES).map((id) => ({ id, label: translate(`rooms.filter.${id}`) }))}
      onChange={(state) => setFilters({ ...others, ...STATES[state] }, {})}
    />
  );
}
