import { styled } from '@mui/material/styles';
import DnsOutlined from '@mui/icons-material/DnsOutlined';
import DoorFrontOutlined from '@mui/icons-material/DoorFrontOutlined';
import VpnKeyOutlined from '@mui/icons-material/VpnKeyOutlined';
import type { ActorKind } from '../../api/records';

/** Background and ink, in light and in dark; each pair reads at 4.5:1. */
const LOOKS = [
  ['#dfe4fb', '#2f3a94', '#2c3468', '#ccd4ff'],
  ['#fbe3d4', '#85370a', '#55301c', '#ffd3b8'],
  ['#d6f0e6', '#0f5b41', '#17473a', '#b5eed8'],
  ['#f9dfeb', '#8c1d57', '#562238', '#ffc6df'],
  ['#efe1fa', '#66279a', '#44265c', '#e7c9ff'],
  ['#dcecf8', '#114f7f', '#173f5c', '#bfe1fb'],
] as const;

const PROGRAMS = { system: DnsOutlined, api_key: VpnKeyOutlined, gate: DoorFrontOutlined };

const isProgram = (kind: string | null | undefined): kind is keyof typeof PROGRAMS =>
  typeof kind === 'string' && Object.hasOwn(PROGRAMS, kind);

/** The same colour for the same person everywhere. */
function lookOf(key: string) {
  let hash = 0;
  for (const char of key) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % LOOKS.length;
}

function initialsOf(name: string) {
  const words = name.split(/[\s@._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  return [words[0], words.length > 1 ? words[1] : undefined]
    .map((word) => [...new Intl.Segmenter().segment(word ?? '')][0]?.segment ?? '')
    .join('')
    .toLocaleUpperCase();
}

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
      <Disc aria-hidden className={`program ${size}`}>
        <Sign />
      </Disc>
    );
  }
  return (
    <Disc aria-hidden className={`look${lookOf(of)} ${size}`} data-initials={initialsOf(name)} />
  );
}

const Disc = styled('span')(({ theme }) => ({
  display: 'inline-grid',
  placeItems: 'center',
  flex: 'none',
  width: 24,
  height: 24,
  borderRadius: '50%',
  fontSize: 9.5,
  fontWeight: 650,
  '&.small': { width: 18, height: 18, fontSize: 8 },
  // Not text: what it stands for is beside it.
  '&[data-initials]::before': { content: 'attr(data-initials)' },
  '&.program': { background: theme.palette.action.selected, color: theme.palette.text.secondary },
  '& svg': { fontSize: 15 },
  '&.small svg': { fontSize: 12 },
  ...Object.fromEntries(
    LOOKS.map(([light, ink, dark, darkInk], at) => [
      `&.look${at}`,
      theme.palette.mode === 'dark'
        ? { background: dark, color: darkInk }
        : { background: light, color: ink },
    ]),
  ),
}));
