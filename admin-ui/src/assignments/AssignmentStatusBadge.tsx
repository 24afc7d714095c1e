import { useTranslate } from 'react-admin';
import type { AssignmentStatus } from '../api/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages.en';

const TONES: Record<AssignmentStatus, Tone> = {
  active: 'good',
  upcoming: 'info',
  expired: 'neutral',
};

export function AssignmentStatusBadge({ status }: { status: AssignmentStatus }) {
  const translate = useTranslate();
  return (
    <StatusBadge tone={TONES[status] ?? 'neutral'}>
      {translate(`assignments.status.${status}`)}
    </StatusBadge>
  );
}
