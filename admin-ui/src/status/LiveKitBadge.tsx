import { useTranslate } from 'react-admin';
import type { SystemStatus } from '../providers/records';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import './messages';

const TONES: Record<SystemStatus['livekit']['state'], Tone> = {
  up: 'good',
  down: 'bad',
  absent: 'pending',
};

export function LiveKitBadge({ state }: { state: SystemStatus['livekit']['state'] }) {
  const translate = useTranslate();
  return <StatusBadge tone={TONES[state]}>{translate(`status.${state}`)}</StatusBadge>;
}
