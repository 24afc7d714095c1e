import { sha256 } from '@noble/hashes/sha2.js';
import {
  checkDossier,
  type CheckEd25519,
  type Dossier,
  type DossierReport,
  type Finding,
} from '@rolecall/server/ledger-dossier';
import { element, facts, quoted, section } from './dom';
import { counted } from './words';

const SHOWN_FINDINGS = 20;

const CANNOT =
  'This browser cannot check the signature of the log (Ed25519). Open the file in Chrome or Edge 137, Firefox 129, Safari 17, or newer.';

class NoSignatures extends Error {}

export type Verdict = { readonly report: DossierReport } | { readonly problem: string };

/** Hashes and signatures are made in this browser, from what is in the file. */
export async function verify(dossier: Dossier, pin: string | null): Promise<Verdict> {
  try {
    return { report: await checkDossier(dossier, sha256, checkEd25519, pin) };
  } catch (error) {
    if (error instanceof NoSignatures) return { problem: CANNOT };
    return { problem: `The data of the file is damaged: ${(error as Error).message}` };
  }
}

const checkEd25519: CheckEd25519 = async (publicKey, message, signature) => {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) throw new NoSignatures();
  // WebCrypto takes no bytes that could be shared memory.
  const key = await subtle
    .importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, ['verify'])
    .catch(() => {
      throw new NoSignatures();
    });
  return subtle.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message));
};

/** What was found, in one line and with all that is wrong. */
export function showVerdict(status: HTMLElement, verdict: Verdict, isPinned: boolean): void {
  if ('problem' in verdict) return fill(status, 'bad', 'Not verified', verdict.problem);
  const { report } = verdict;
  if (report.isProved) {
    const { entries, checkpoint } = report;
    fill(
      status,
      'good',
      'Verified',
      `${counted(entries, 'entry is', 'entries are')} in the log as shown here, and the log’s key has signed that these are all of the session that were sealed in a tree of ${checkpoint?.size ?? 0}. ` +
        (isPinned
          ? 'The key is the one that you gave.'
          : 'The key comes from this file: give one that you have from elsewhere below.'),
    );
    return;
  }
  fill(status, 'bad', 'Not verified', 'Something in this file is not what the log has:');
  const { problems, findings } = report;
  const more = findings.length - SHOWN_FINDINGS;
  status.append(
    element(
      'ul',
      {},
      ...problems.map((problem) => element('li', {}, quoted(problem))),
      ...findings.slice(0, SHOWN_FINDINGS).map((finding) => element('li', {}, ...told(finding))),
      more > 0 ? element('li', {}, `and ${counted(more, 'more entry', 'more entries')}`) : null,
    ),
  );
}

function told({ leaf, entry, problem, expected, found }: Finding): (Node | string)[] {
  return [
    `Entry ${leaf ?? ''} (`,
    quoted(entry ?? 'unknown'),
    `): ${problem}. Expected `,
    quoted(expected),
    ', found ',
    quoted(found),
    '.',
  ];
}

function fill(status: HTMLElement, tone: 'good' | 'bad', title: string, text: string): void {
  status.className = `verdict ${tone}`;
  status.replaceChildren(element('strong', {}, title), element('span', {}, text));
}

/** How it was verified, what that does not prove, and the field for a key from elsewhere. */
export function verificationSection(
  dossier: Dossier,
  verdict: Verdict,
  verifyWith: (pin: string | null) => void,
): HTMLElement {
  const report = 'report' in verdict ? verdict.report : null;
  const manifest = report?.manifest ?? null;
  const key = element('input', {
    id: 'key',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const button = element('button', { type: 'button' }, 'Verify with this key');
  const run = () => verifyWith(key.value.trim() === '' ? null : key.value.trim());
  button.addEventListener('click', run);
  key.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') run();
  });
  const witnesses = dossier.checkpoint
    .split('\n')
    .filter((line) => line.startsWith('— ') && !line.startsWith(`— ${manifest?.origin ?? ''} `));
  const isForOne = manifest !== null && manifest.for !== null;
  return section(
    'Verification',
    facts([
      ['Log', quoted(manifest?.origin ?? 'unknown')],
      ['Checkpoint', report?.checkpoint ? `${report.checkpoint.size} entries` : 'not signed'],
      ['Cosigned by', witnesses.length > 0 ? `${witnesses.length}, not checked here` : 'nobody'],
      [
        'What entries say of people',
        report ? `${report.parts.proved} proved, ${report.parts.absent} left out or erased` : '–',
      ],
      ...(report && report.hashesOnly > 0
        ? ([['Entries that are a hash only', `${report.hashesOnly}`]] as const)
        : []),
      ...(manifest?.forgotten
        ? ([['Gone by a rule before, so not here', manifest.forgotten.join('; ')]] as const)
        : []),
      ...(manifest && manifest.unsealed > 0
        ? ([['Not sealed yet, so not here', `${manifest.unsealed}`]] as const)
        : []),
      ...(manifest && manifest.beforeTree > 0
        ? ([['From before there were proofs, so not here', `${manifest.beforeTree}`]] as const)
        : []),
      ['Made', manifest ? made(manifest.madeAt, manifest.madeBy) : '–'],
    ]),
    element(
      'p',
      { class: 'field' },
      element('label', { for: 'key' }, 'A key of the log that you have from elsewhere'),
      key,
      button,
    ),
    element('h3', {}, 'What this does not prove'),
    element(
      'ul',
      {},
      element('li', {}, 'That the server told the truth when it wrote an entry.'),
      element(
        'li',
        {},
        'That the log has no other entry of this session: that is what the log’s key has signed.',
      ),
      element('li', {}, 'What roles are called, and their colors.'),
      isForOne
        ? element(
            'li',
            {},
            'Who “Person 2” and the others are, and what their entries say of them: the log’s key has signed the numbers, and each entry commits to the rest.',
          )
        : null,
      element(
        'li',
        {},
        'That this page is Rolecall’s: somebody who changes the file can change what it says of itself. Get it from somebody you trust, or read its data with a program of your own.',
      ),
    ),
  );
}

function made(at: string, by: string | null): HTMLElement {
  return element('span', {}, `${at}${by === null ? '' : ' by '}`, by === null ? null : quoted(by));
}
