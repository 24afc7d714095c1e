import { useTranslate } from 'react-admin';
import type { Room } from '../api/records';
import { StatusBadge } from '../shared/StatusBadge';
import './messages.en';

export function RoomState({ room }: { room: Pick<Room, 'isClosed' | 'numParticipants'> }) {
  const translate = useTranslate();
  if (room.isClosed) return <StatusBadge tone="bad">{translate('rooms.state.closed')}</StatusBadge>;
  return room.numParticipants > 0 ? (
    <StatusBadge tone="good">{translate('rooms.state.live')}</StatusBadge>
  ) : (
    <StatusBadge tone="neutral">{translate('rooms.state.empty')}</StatusBadge>
  );
}
