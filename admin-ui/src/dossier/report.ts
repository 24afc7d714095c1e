import {
  type Decision,
  type Dossier,
  type DossierEntry,
  type DossierManifest,
  reportOf,
} from '@rolecall/server/ledger-dossier';
import { element, facts, quoted, section, table, whole } from './dom';
import { lanesOf, roleName } from './lanes';
import { counted, lengthText, timeText, waitText } from './words';

/** What the entries tell, in the order in which an auditor asks. */
export function reportSections(manifest: DossierManifest, dossier: Dossier): HTMLElement[] {
  const report = reportOf(manifest, dossier.entries);
  const { counts, from, to, attendance, watched, refusals, admissions } = report;
  const roles = new Map(manifest.roles.map((role) => [role.key, role]));
  const stays = manifest.endedAt === null ? 'still there' : 'not told';
  const end = manifest.endedAt === null ? `still ran at ${timeText(to)}` : timeText(to);
  return [
    section(
      'Summary',
      facts([
        ['Room', quoted(manifest.room)],
        ['Began', timeText(from)],
        ['Ended', end],
        ['Length', lengthText(to - from)],
        ['People', `${counts.people}, at most ${counts.mostAtOnce} at once`],
        ['Tokens and admissions', `${counts.admitted}`],
        ['Refusals', `${counts.refused}`],
        ['Decisions', `${counts.decisions}`],
        ['Watched unseen', counted(counts.watched, 'time', 'times')],
      ]),
    ),
    section(
      'Attendance',
      table(
        'Attendance',
        attendance,
        [
          {
            title: 'Who',
            cell: ({ who, isHidden }) => [
              quoted(who),
              isHidden ? element('span', { class: 'badge' }, 'unseen') : null,
            ],
          },
          { title: 'Joined', cell: ({ visits }) => lines(visits.map((v) => timeText(v.from))) },
          {
            title: 'Left',
            cell: ({ visits }) =>
              lines(visits.map((v) => (v.to === null ? stays : timeText(v.to)))),
          },
          { title: 'Present for', cell: ({ presentMs }) => lengthText(presentMs), isNumber: true },
        ],
        'Nobody joined.',
      ),
    ),
    section('Who could do what, when', lanesOf(report, roles)),
    section(
      'Decisions',
      table<Decision>(
        'Decisions',
        report.decisions,
        [
          { title: 'When', cell: ({ at }) => whole(timeText(at)) },
          { title: 'What', cell: ({ what }) => what },
          { title: 'About', cell: ({ about }) => (about === null ? 'the room' : quoted(about)) },
          {
            title: 'Role',
            cell: ({ roles: change }) =>
              change === null
                ? '–'
                : [roleName(change.before, roles), ' → ', roleName(change.after, roles)],
          },
          { title: 'By', cell: ({ by }) => quoted(by) },
          { title: 'Why', cell: ({ reason }) => (reason === null ? '–' : quoted(reason)) },
          { title: 'Outcome', cell: ({ outcome }) => quoted(outcome) },
          {
            title: 'Confirmed after',
            cell: ({ confirmedMs }) => (confirmedMs === null ? '–' : waitText(confirmedMs)),
            isNumber: true,
          },
          {
            title: 'Silent after',
            cell: ({ silentMs }) => (silentMs === null ? '–' : waitText(silentMs)),
            isNumber: true,
          },
        ],
        'Nothing was decided.',
      ),
    ),
    section(
      'Watched unseen',
      table(
        'Watched unseen',
        watched,
        [
          { title: 'Who', cell: ({ who }) => quoted(who) },
          { title: 'By', cell: ({ by }) => quoted(by) },
          { title: 'From', cell: (row) => whole(timeText(row.from)) },
          { title: 'To', cell: (row) => whole(timeText(row.to)) },
          { title: 'Why', cell: ({ reason }) => (reason === null ? '–' : quoted(reason)) },
        ],
        'The log has nobody who watched unseen.',
      ),
    ),
    section(
      'Refusals',
      table(
        'Refusals',
        refusals,
        [
          { title: 'When', cell: ({ at }) => whole(timeText(at)) },
          { title: 'What', cell: ({ what }) => what },
          { title: 'Who', cell: ({ who }) => (who === null ? '–' : quoted(who)) },
          { title: 'By', cell: ({ by }) => quoted(by) },
          { title: 'Why', cell: ({ why }) => (why === null ? '–' : quoted(why)) },
        ],
        'Nothing was refused.',
      ),
    ),
    section(
      'Tokens and admissions',
      table(
        'Tokens and admissions',
        admissions,
        [
          { title: 'When', cell: ({ at }) => whole(timeText(at)) },
          { title: 'What', cell: ({ what }) => what },
          { title: 'Who', cell: ({ who }) => quoted(who) },
          { title: 'Role', cell: ({ role }) => roleName(role, roles) },
          { title: 'By', cell: ({ by }) => quoted(by) },
          {
            title: 'Token valid until',
            cell: ({ expiresAt }) =>
              expiresAt === null ? '–' : whole(timeText(Date.parse(expiresAt))),
          },
        ],
        'No token was issued and nobody was admitted.',
      ),
    ),
    section('Entries', entriesOf(dossier.entries)),
  ];
}

function lines(texts: readonly string[]): HTMLElement {
  return element('span', {}, ...texts.map((text) => element('span', { class: 'line' }, text)));
}

/** Made when it is opened: there may be thousands. */
function entriesOf(entries: readonly DossierEntry[]): HTMLElement {
  const all = counted(entries.length, 'entry', 'entries');
  const details = element('details', {}, element('summary', {}, `Show ${all}`));
  details.addEventListener(
    'toggle',
    () =>
      details.append(
        table(
          'Entries of the log',
          entries,
          [
            { title: 'Leaf', cell: ({ leaf }) => `${leaf}`, isNumber: true },
            { title: 'Id', cell: ({ id }) => quoted(id) },
            {
              title: 'When',
              cell: ({ entry }) => (entry ? whole(timeText(Date.parse(entry.at))) : '–'),
            },
            { title: 'Kind', cell: ({ entry }) => (entry ? quoted(entry.kind) : 'left out') },
            { title: 'Outcome', cell: ({ entry }) => (entry ? quoted(entry.outcome) : '–') },
            {
              title: 'Data',
              cell: (entry) =>
                element(
                  'code',
                  {},
                  quoted(JSON.stringify({ ...entry.entry?.payload, ...entry.subject?.part })),
                ),
            },
          ],
          'There are none.',
        ),
      ),
    { once: true },
  );
  return details;
}
