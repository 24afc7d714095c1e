import { afterEach, describe, expect, it } from '@jest/globals';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import type { LedgerIntegrity } from '../api/records';
import { useSystemStatus } from '../api/useSystemStatus';
import { i18nProvider } from '../i18n/i18nProvider';
import { LedgerBanner } from '../layout/LedgerBanner';
import { IntegrityPage } from './IntegrityPage';
import { WHAT_TO_DO } from './messages.en';

const AT = '2026-11-29T04:00:00.000Z';
const SOUND: LedgerIntegrity = {
  checkpoint: { origin: 'example.com/ledger', size: 1_200, root: 'Zm9v'.repeat(10), signedAt: AT },
  sealing: 'sealing',
  unsealed: { entries: 0, oldestMs: 0 },
  mirror: { place: '/srv/ledger', size: 1_200 },
  witnesses: null,
  streams: [],
  problems: [],
  verifications: [],
};
const statusWith = (problems: LedgerIntegrity['problems']) => ({
  livekit: { state: 'absent' },
  ledger: { problems },
});
const ED25519 = `example.com/ledger+1f2e3d4c+${btoa(`\u0001${'k'.repeat(32)}`)}`;

let api: ReturnType<typeof fakeApi>;
afterEach(() => api.restore());

function show(changes: Partial<LedgerIntegrity> = {}, keys: object[] = []) {
  api = fakeApi(({ route }) => {
    if (route === '/ledger/keys') return { body: { origin: null, keys } };
    if (route === '/status') return { body: statusWith(changes.problems ?? []) };
    return { body: { ...SOUND, ...changes } };
  });
  renderAdmin(
    <>
      <LedgerBanner />
      <IntegrityPage />
    </>,
    { me: signedIn(['ledger.read']) },
  );
}
const panel = async (name: string) => within(await screen.findByRole('region', { name }));

describe('the integrity page', () => {
  it('shows a sound log, and says what to do where there are no witnesses', async () => {
    show({}, [{ vkey: ED25519, generation: 1, createdAt: AT, retiredAt: null, signature: null }]);
    const checkpoint = await panel('Newest checkpoint');
    expect(checkpoint.getByText('1,200')).toBeTruthy();
    expect(checkpoint.getByRole('link', { name: 'Download' }).getAttribute('href')).toBe(
      '/ledger/checkpoint',
    );
    expect((await panel('Witnesses')).getByText(/ROLECALL_LEDGER_WITNESSES/)).toBeTruthy();
    expect(
      (await panel('What weakens the proofs')).getByText(/Nothing is broken, as far/),
    ).toBeTruthy();
    expect((await panel('Last verifications')).getByText(/Nobody has verified/)).toBeTruthy();
    const keys = await panel('Public keys of the log');
    const copy = await keys.findByRole('button', { name: 'Copy the Ed25519 key of generation 1' });
    expect(copy).toBeTruthy();
    expect(keys.getByText('example.com/ledger+1f2e3d4c…')).toBeTruthy();
    expect(screen.queryByRole('region', { name: 'Integrity of the ledger' })).toBeNull();
  });

  it('shows witnesses that fail, what waits, and who verified what', async () => {
    const member = { name: 'theirs', url: 'https://w.example', lastError: 'refused' };
    const run = {
      id: 'a-1-2',
      at: AT,
      by: { kind: 'operator' as const, label: 'aud@example.com' },
      where: 'browser' as const,
      what: 'entries' as const,
      isProved: false,
      isPinned: false,
      size: 1_200,
      checked: 1_200,
      since: null,
      ms: 900,
      wrong: { leaf: 7, entry: 'b-1-8', problem: 'the entry was changed' },
      problems: [],
    };
    show({
      witnesses: {
        quorum: 'both',
        members: [{ ...member, cosigned: { size: 1_000, at: AT, behind: 200 } }],
        cosigned: { size: 1_000, at: AT },
        waitingSince: AT,
      },
      unsealed: { entries: 3, oldestMs: 42_000 },
      sealing: 'stopped',
      verifications: [run, { ...run, id: 'a-1-1', by: null, wrong: null, since: 900 }],
    });
    const witnesses = await panel('Witnesses');
    expect(witnesses.getByText('Does not cosign')).toBeTruthy();
    expect(witnesses.getByText('200 behind the newest')).toBeTruthy();
    expect(witnesses.getByText('refused')).toBeTruthy();
    expect(witnesses.getByText(/both: waits since/)).toBeTruthy();
    const sealing = await panel('Sealing');
    expect(sealing.getByText('3 entries, the oldest for 42 seconds')).toBeTruthy();
    expect(sealing.getByText('Stopped: it refuses to sign')).toBeTruthy();
    const runs = await panel('Last verifications');
    expect(runs.getByText('b-1-8, leaf 7: the entry was changed')).toBeTruthy();
    expect(runs.getByText(/by aud@example.com · in a browser/)).toBeTruthy();
    expect(runs.getAllByRole('link')).toHaveLength(1);
    expect(runs.getByText(/whose entries you cannot read.*first 900 entries/)).toBeTruthy();
  });

  it('says on every page what weakens the proofs, and here what to do', async () => {
    show({ problems: [{ code: 'mirror_failing', detail: 'The mirror cannot be written: full.' }] });
    const banner = await panel('Integrity of the ledger');
    expect(banner.getByText(/less than it could: the mirror cannot be written/)).toBeTruthy();
    expect(banner.getByRole('link').getAttribute('href')).toBe('/integrity');
    const problems = await panel('What weakens the proofs');
    expect(problems.getByText('The mirror cannot be written: full.')).toBeTruthy();
    expect(problems.getByText(/ROLECALL_LEDGER_MIRROR writable/)).toBeTruthy();
  });

  it('says why it could not be loaded, and tries again', async () => {
    let isBack = false;
    api = fakeApi(({ route }) => {
      if (route === '/ledger/keys') return { body: { origin: null, keys: [] } };
      if (isBack) return { body: SOUND };
      return { status: 503, body: { detail: 'The database does not answer.' } };
    });
    renderAdmin(<IntegrityPage />, { me: signedIn(['ledger.read']) });
    await screen.findByText('The database does not answer.');
    isBack = true;
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await panel('Newest checkpoint');
  });
});

describe('the banner', () => {
  it('has words for every problem', () => {
    for (const code of Object.keys(WHAT_TO_DO)) {
      const name = `app.ledger.problem.${code}`;
      expect(i18nProvider.translate(name)).not.toBe(name);
    }
  });

  it('is not for who does not read the ledger', async () => {
    api = fakeApi(() => ({ body: statusWith([{ code: 'fsync_off', detail: '' }]) }));
    const Known = () => <p>{`${useSystemStatus().data?.ledger.problems.length} problems`}</p>;
    renderAdmin(
      <>
        <LedgerBanner />
        <Known />
      </>,
      { me: signedIn(['room.read']) },
    );
    await screen.findByText('1 problems');
    expect(screen.queryByRole('region')).toBeNull();
  });
});
