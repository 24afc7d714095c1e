import type { DossierRole, Lane, SessionReport, Stretch } from '@rolecall/server/ledger-dossier';
import { templateColor } from '../theme/templateColor';
import { drawing, element, isolated, quoted, table, whole } from './dom';
import { clockText, counted, timeText } from './words';

const WIDTH = 1_000;
const LABELS = 190;
const ROW = 22;
const AXIS = 26;
const TICKS = 4;
/** More are in the table. */
const MOST_LANES = 300;
const NO_ROLE = '#8a8f98';

type Roles = ReadonlyMap<string, DossierRole>;

export function lanesOf(report: SessionReport, roles: Roles): HTMLElement {
  const { lanes } = report;
  const rows = lanes.flatMap(({ who, stretches }) =>
    stretches.map((stretch) => ({ who, ...stretch })),
  );
  return element(
    'div',
    {},
    lanes.length > 0 ? picture(report, lanes.slice(0, MOST_LANES), roles) : null,
    lanes.length > 0 ? legend(lanes, roles) : null,
    lanes.length > MOST_LANES
      ? element(
          'p',
          { class: 'quiet' },
          `The picture has the first ${MOST_LANES}; the table has all.`,
        )
      : null,
    table(
      'Who could do what, when',
      rows,
      [
        { title: 'Who', cell: ({ who }) => quoted(who) },
        { title: 'From', cell: ({ from }) => whole(timeText(from)) },
        { title: 'To', cell: ({ to }) => whole(timeText(to)) },
        { title: 'Role', cell: ({ role }) => roleName(role, roles) },
        { title: 'Could', cell: ({ can }) => canText(can) },
      ],
      'Nobody was there.',
    ),
  );
}

export function roleName(role: string | null, roles: Roles): HTMLElement {
  if (role === null) return element('span', { class: 'quiet' }, 'none');
  return element(
    'span',
    { class: 'role' },
    swatch(role, roles),
    quoted(roles.get(role)?.name ?? role),
  );
}

function swatch(role: string | null, roles: Roles): SVGElement {
  return drawing(
    'svg',
    { class: 'swatch', viewBox: '0 0 10 10', 'aria-hidden': 'true' },
    drawing('rect', { width: 10, height: 10, rx: 2, fill: colorOf(role, roles) }),
  );
}

function colorOf(role: string | null, roles: Roles): string {
  return role === null ? NO_ROLE : templateColor(role, roles.get(role)?.color);
}

function canText(can: Stretch['can']): string {
  if (can === null) return 'not told';
  return can.length === 0 ? 'nothing' : can.join(', ');
}

function picture({ from, to }: SessionReport, lanes: readonly Lane[], roles: Roles): HTMLElement {
  const height = AXIS + lanes.length * ROW;
  const scale = (at: number) =>
    LABELS + ((at - from) / Math.max(1, to - from)) * (WIDTH - LABELS - 10);
  const people = counted(lanes.length, 'person', 'people');
  const svg = drawing('svg', {
    class: 'lanes',
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: 'img',
    'aria-label': `The roles of ${people} from ${timeText(from)} to ${timeText(to)}; the table below says the same`,
  });
  for (let i = 0; i <= TICKS; i++) {
    const at = from + ((to - from) * i) / TICKS;
    const x = scale(at);
    const anchor = i === TICKS ? 'end' : i === 0 ? 'start' : 'middle';
    svg.append(
      drawing('line', { class: 'tick', x1: x, x2: x, y1: AXIS - 6, y2: height }),
      drawing('text', { class: 'time', x, y: 14, 'text-anchor': anchor }, clockText(at)),
    );
  }
  lanes.forEach(({ who, stretches }, i) => {
    const y = AXIS + i * ROW;
    const label = who.length > 24 ? `${who.slice(0, 23)}…` : who;
    svg.append(drawing('text', { class: 'who', x: 0, y: y + 15 }, isolated(label)));
    for (const stretch of stretches) {
      const { role, can } = stretch;
      const x = scale(Math.max(from, stretch.from));
      const width = Math.max(2, scale(Math.min(to, stretch.to)) - x);
      const name = role === null ? 'no role' : (roles.get(role)?.name ?? role);
      const times = `${clockText(stretch.from)} to ${clockText(stretch.to)}`;
      const title = `${isolated(who)}, ${times}: ${isolated(name)}; could: ${canText(can)}`;
      const fill = colorOf(role, roles);
      svg.append(
        drawing(
          'rect',
          { class: 'bar', x, y: y + 3, width, height: ROW - 7, rx: 3, fill },
          drawing('title', {}, title),
        ),
      );
    }
  });
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Picture of the roles' },
    svg,
  );
}

function legend(lanes: readonly Lane[], roles: Roles): HTMLElement {
  const used = new Set(lanes.flatMap(({ stretches }) => stretches.map(({ role }) => role)));
  return element(
    'ul',
    { class: 'legend', 'aria-label': 'Colors of the roles' },
    ...[...used].map((role) =>
      element(
        'li',
        {},
        swatch(role, roles),
        role === null ? 'no role told' : quoted(roles.get(role)?.name ?? role),
      ),
    ),
  );
}
