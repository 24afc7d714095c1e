import { sha256 } from '@noble/hashes/sha2.js';
import {
  checkDossier,
  type CheckEd25519,
  type Cosignature,
  type Dossier,
  type DossierReport,
  type Finding,
  type KnownOfLog,
  parsePolicy,
} from '@rolecall/server/ledger-dossier';
import { element, facts, quoted, section } from './dom';
import { counted, timeText } from './words';

const SHOWN_FINDINGS = 20;

const CANNOT =
  'This browser cannot check the signature of the log (Ed25519). Open the file in Chrome or Edge 137, Firefox 129, Safari 17, or newer.';

class NoSignatures extends Error {}

export type Verdict = { readonly report: DossierReport } | { readonly problem: string };

/** What the reader has from elsewhere, as they wrote it. */
export interface Given {
  readonly key: string;
  readonly policy: string;
}
export const NOTHING_GIVEN: Given = { key: '', policy: '' };

/** Hashes and signatures are made in this browser, from what is in the file. */
export async function verify(dossier: Dossier, given: Given): Promise<Verdict> {
  let known: KnownOfLog;
  try {
    known = knownOf(given);
  } catch (error) {
    return { problem: `The policy that you gave is none: ${(error as Error).message}` };
  }
  try {
    return { report: await checkDossier(dossier, sha256, checkEd25519, known) };
  } catch (error) {
    if (error instanceof NoSignatures) return { problem: CANNOT };
    return { problem: `The data of the file is damaged: ${(error as Error).message}` };
  }
}

function knownOf({ key, policy }: Given): KnownOfLog {
  return {
    vkeys: key.trim() === '' ? [] : [key.trim()],
    policy: policy.trim() === '' ? null : parsePolicy(`${policy.replaceAll('\r', '').trim()}\n`),
  };
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
export function showVerdict(status: HTMLElement, verdict: Verdict, given: Given): void {
  if ('problem' in verdict) return fill(status, 'bad', 'Not verified', verdict.problem);
  const { report } = verdict;
  if (report.isProved) {
    const { entries, checkpoint } = report;
    fill(
      status,
      'good',
      'Verified',
      `${counted(entries, 'entry is', 'entries are')} in the log as shown here, and the log’s key has signed that these are all of the session that were sealed in a tree of ${checkpoint?.size ?? 0}. ` +
        (given.key.trim() !== ''
          ? 'The key is the one that you gave.'
          : 'The key comes from this file: give one that you have from elsewhere below.') +
        (report.isCosigned ? ' Enough witnesses of your policy have cosigned it.' : ''),
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
  verifyWith: (given: Given) => void,
): HTMLElement {
  const report = 'report' in verdict ? verdict.report : null;
  const manifest = report?.manifest ?? null;
  const key = element('input', {
    id: 'key',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const policy = element('textarea', { id: 'policy', rows: '3', spellcheck: 'false' });
  const button = element('button', { type: 'button' }, 'Verify with these');
  const run = () => verifyWith({ key: key.value, policy: policy.value });
  button.addEventListener('click', run);
  key.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') run();
  });
  const strangers = strangersIn(dossier, report);
  const hasNumbers = manifest !== null && !manifest.hasPeople;
  return section(
    'Verification',
    facts([
      ['Log', quoted(manifest?.origin ?? 'unknown')],
      ['Checkpoint', report?.checkpoint ? `${report.checkpoint.size} entries` : 'not signed'],
      ['Cosigned by', cosigners(report)],
      ...(strangers > 0
        ? ([['Cosignatures of others, not checked', `${strangers}`]] as const)
        : []),
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
    ),
    element(
      'p',
      { class: 'field' },
      element('label', { for: 'policy' }, 'A policy of witnesses that you have from elsewhere'),
      policy,
    ),
    element('p', { class: 'field' }, button),
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
      hasNumbers
        ? element(
            'li',
            {},
            'Who “Person 2” and all who have a number are, and what their entries say of them: the log’s key has signed the numbers, and each entry commits to the rest.',
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

function cosigners(report: DossierReport | null): HTMLElement | string {
  const all = report?.cosignatures ?? [];
  if (all.length === 0) return 'no witness that is known here';
  const from = report?.isCosigned === null ? 'this file' : 'your policy';
  return element(
    'span',
    {},
    ...all.flatMap((each, at) => [at === 0 ? '' : '; ', ...cosigner(each)]),
    ` (keys from ${from})`,
  );
}

function cosigner({ witness, at, isRight }: Cosignature): (Node | string)[] {
  const when = at ? ` at ${timeText(at.getTime())}` : '';
  const how = { true: '', false: ': wrong', null: ': not checked, browsers check Ed25519 alone' };
  return [quoted(witness), `${when}${how[`${isRight}`]}`];
}

/** Signatures under the checkpoint that are neither the log's nor of a witness that is known. */
function strangersIn({ checkpoint, keys }: Dossier, report: DossierReport | null): number {
  const origin = report?.manifest?.origin ?? keys[0]?.vkey.split('+')[0] ?? '';
  const others = checkpoint
    .split('\n')
    .filter((line) => line.startsWith('— ') && !line.startsWith(`— ${origin} `));
  return Math.max(0, others.length - (report?.cosignatures.length ?? 0));
}

function made(at: string, by: string | null): HTMLElement {
  return element('span', {}, `${at}${by === null ? '' : ' by '}`, by === null ? null : quoted(by));
}
