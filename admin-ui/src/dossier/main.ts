import {
  type Dossier,
  type DossierManifest,
  readDossierManifest,
} from '@rolecall/server/ledger-dossier';
import { element, isolated, quoted } from './dom';
import { reportSections } from './report';
import {
  type Given,
  NOTHING_GIVEN,
  showVerdict,
  type Verdict,
  verificationSection,
  verify,
} from './verification';
import { timeText } from './words';

/** The data is below the script in the file, so it is there once the file has been read. */
document.addEventListener('DOMContentLoaded', () => void start());

async function start(): Promise<void> {
  const main = document.getElementById('report');
  if (!main) return;
  const status = element('div', { role: 'status', class: 'verdict' }, 'Verifying …');
  main.replaceChildren(element('h1', {}, 'Session dossier'), status);
  const dossier = read();
  if (!dossier) {
    const problem = 'The file is incomplete or damaged: get it again.';
    showVerdict(status, { problem }, NOTHING_GIVEN);
    return;
  }
  const verdict = await verify(dossier, NOTHING_GIVEN);
  showVerdict(status, verdict, NOTHING_GIVEN);
  const manifest = manifestOf(dossier, verdict);
  if (!manifest) return;
  document.title = `Session of ${isolated(manifest.room)}, ${timeText(Date.parse(manifest.startedAt))} UTC`;
  main.append(...introduction(manifest));
  let verification = verificationSection(dossier, verdict, verifyWith);
  try {
    main.append(...reportSections(manifest, dossier));
  } catch (error) {
    main.append(
      element('p', { role: 'alert' }, `The entries cannot be shown: ${(error as Error).message}`),
    );
  }
  main.append(verification);

  function verifyWith(given: Given): void {
    void verify(dossier as Dossier, given).then((again) => {
      showVerdict(status, again, given);
      const next = verificationSection(dossier as Dossier, again, verifyWith);
      for (const id of ['key', 'policy'] as const) {
        const field = next.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${id}`);
        if (field) field.value = given[id];
      }
      verification.replaceWith(next);
      verification = next;
      next.querySelector('button')?.focus();
    });
  }
}

function read(): Dossier | null {
  try {
    const data = JSON.parse(document.getElementById('dossier')?.textContent ?? '') as Dossier;
    return Array.isArray(data.entries) ? data : null;
  } catch {
    return null;
  }
}

/** Also one that is not signed is shown, below what is wrong with it. */
function manifestOf({ manifest }: Dossier, verdict: Verdict): DossierManifest | null {
  const signed = 'report' in verdict ? verdict.report.manifest : null;
  try {
    return signed ?? readDossierManifest(manifest);
  } catch {
    return null;
  }
}

function introduction({ room, for: whom, endedAt, until }: DossierManifest): HTMLElement[] {
  return [
    element(
      'p',
      {},
      'What the log of Rolecall has of one session of the room ',
      quoted(room),
      '. Times are UTC.',
    ),
    ...(endedAt === null
      ? [
          element(
            'p',
            { class: 'note' },
            `The session still ran when this was made. It tells what happened until now, which was ${timeText(Date.parse(until))}.`,
          ),
        ]
      : []),
    ...(whom === null
      ? []
      : [
          element(
            'p',
            { class: 'note' },
            'This version is for ',
            quoted(whom),
            '. Everybody else is left out: they have numbers.',
          ),
        ]),
  ];
}
