export type SignName =
  | 'yes'
  | 'no'
  | 'live'
  | 'pending'
  | 'microphone'
  | 'microphone-off'
  | 'camera'
  | 'camera-off'
  | 'screen'
  | 'leave'
  | 'hand'
  | 'down';

const PATHS: Record<SignName, string> = {
  yes: 'm5 12.5 4.5 4.5L19 7.5',
  no: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  live: 'M12 8a4 4 0 1 0 .01 0',
  pending: 'M12 5v3M12 16v3M5 12h3M16 12h3M7 7l2 2M15 15l2 2M17 7l-2 2M9 15l-2 2',
  microphone: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3',
  'microphone-off':
    'M9 9v2a3 3 0 0 0 5 2M15 10V6a3 3 0 0 0-6-.4M6 11a6 6 0 0 0 9.500 5M18 11v1M12 17v3M4 4l16 16',
  camera: 'M4 8h11v8H4zM15 11l5-2.500v7L15 13',
  'camera-off': 'M8 8h7v8H4V8M15 11l5-2.500v7L15 13M4 4l16 16',
  screen: 'M4 6h16v10H4zM9 19.500h6M12 13.500V9M9.800 11l2.200-2.200 2.200 2.200',
  hand: 'M8 13V6.500a1.500 1.500 0 0 1 3 0V11M11 10.500V4.500a1.500 1.500 0 0 1 3 0V11M14 11V6a1.500 1.500 0 0 1 3 0v8c0 3.500-2 6-5.500 6-2.500 0-4-1.500-5-3.500l-2-3.500c-.5-1 .2-2 1.200-2 .8 0 1.300.5 1.800 1.200L8 13.500',
  down: 'M12 5v10M7.500 10.500 12 15l4.500-4.500M5 19h14',
  leave: 'M10 5H5v14h5M14 8l4 4-4 4M9 12h9',
};

/** A sign that is always shown beside its word. */
export function Sign({ name }: { name: SignName }) {
  return (
    <svg className={`sign sign-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
