import DnsOutlined from '@mui/icons-material/DnsOutlined';
import DoorFrontOutlined from '@mui/icons-material/DoorFrontOutlined';
import VpnKeyOutlined from '@mui/icons-material/VpnKeyOutlined';
import type { ActorKind } from '../../api/records';
import { initialsOf, lookOf } from '../../shared/face';

const PROGRAMS = { system: DnsOutlined, api_key: VpnKeyOutlined, gate: DoorFrontOutlined };

const isProgram = (kind: string | null | undefined): kind is keyof typeof PROGRAMS =>
  typeof kind === 'string' && Object.hasOwn(PROGRAMS, kind);

export interface FaceProps {
  /** The identity or id, from which the colour comes. */
  of: string;
  name: string;
  kind?: ActorKind | 'gate' | null;
  isSmall?: boolean;
}

/** A person as a disc with their initials; a program as a sign. Never read out: the name is beside it. */
export function Face({ of, name, kind, isSmall }: FaceProps) {
  const size = isSmall ? 'small' : 'plain';
  if (isProgram(kind)) {
    const Sign = PROGRAMS[kind];
    return (
      <span aria-hidden className={`log-face program ${size}`}>
        <Sign />
      </span>
    );
  }
  return (
    <span
      aria-hidden
      className={`log-face look${lookOf(of)} ${size}`}
      data-initials={initialsOf(name)}
    />
  );
}
