/** What `npm start -- --demo` shows. Names are made up; everything is marked and removed together. */
export interface SamplePerson {
  key: string;
  name: string;
  /** The room that their synthetic participant joins. */
  room: string;
  /** Assigned in that room; left out = the room's default. */
  template?: string;
}

export const SAMPLE_ROOMS = [
  {
    name: 'demo-town-hall',
    title: 'Town hall (demo)',
    defaultTemplate: 'viewer',
    metadata: '',
  },
  {
    name: 'demo-stand-up',
    title: 'Stand-up (demo)',
    defaultTemplate: 'speaker',
    metadata: '',
  },
] as const;

export const SAMPLE_PEOPLE: readonly SamplePerson[] = [
  { key: 'ana', name: 'Ana Ruiz (demo)', room: 'demo-town-hall', template: 'host' },
  { key: 'bo', name: 'Bo Chen (demo)', room: 'demo-town-hall', template: 'speaker' },
  { key: 'cy', name: 'Cy Okafor (demo)', room: 'demo-town-hall' },
  { key: 'dee', name: 'Dee Larsen (demo)', room: 'demo-town-hall' },
  { key: 'eli', name: 'Eli Haddad (demo)', room: 'demo-town-hall' },
  { key: 'fay', name: 'Fay Novak (demo)', room: 'demo-town-hall' },
  { key: 'gus', name: 'Gus Moreau (demo)', room: 'demo-stand-up' },
  { key: 'hana', name: 'Hana Sato (demo)', room: 'demo-stand-up' },
];

export const SAMPLE_TEMPLATE = {
  key: 'demo-panelist',
  name: 'Panelist (demo)',
  description: 'Speaks for a while: microphone and camera, tokens for five minutes.',
  color: '#b3541e',
} as const;
