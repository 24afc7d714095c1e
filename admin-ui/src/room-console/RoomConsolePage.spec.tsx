import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type Call, fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { aSeat, type Partly } from '../../test/records';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import { i18nProvider } from '../i18n/i18nProvider';
import type { Permission } from '../session/permissions';
import type { Seat } from '../api/records';
import { RoomConsolePage } from './RoomConsolePage';

const ROOM = 'a/b 100%';
const ENCODED = encodeURIComponent(ROOM);

const seat = (identity: string, changes: Partly<Seat> = {}) =>
  aSeat(identity, { epoch: 2, ...changes });

/** jsdom lays nothing out and has no event stream; the grid needs a height to show rows in. */
class QuietObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
class QuietStream extends EventTarget {
  static latest: QuietStream | null = null;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor() {
    super();
    QuietStream.latest = this;
  }
  close() {}
}

/** What the stream tells of, and the page has then drawn. */
async function tell(seats: Seat[], hasDrawn: () => void) {
  await waitFor(() => expect(QuietStream.latest).not.toBeNull());
  const data = JSON.stringify({ room: ROOM, seats, removed: [] });
  act(() => void QuietStream.latest?.dispatchEvent(new MessageEvent('seats', { data })));
  await waitFor(hasDrawn);
}

const sizes = ['clientHeight', 'clientWidth'] as const;
const before = sizes.map((size) => Object.getOwnPropertyDescriptor(Element.prototype, size)!);

beforeEach(() => {
  QuietStream.latest = null;
  Object.assign(globalThis, { ResizeObserver: QuietObserver, EventSource: QuietStream });
  for (const size of sizes) {
    Object.defineProperty(Element.prototype, size, { configurable: true, value: 900 });
  }
});

// The page is large, and jsdom works out accessible names slowly.
jest.setTimeout(30_000);

let restore = () => {};
afterEach(() => {
  restore();
  jest.restoreAllMocks();
  sizes.forEach((size, at) => Object.defineProperty(Element.prototype, size, before[at]!));
});

const applied = {
  operationId: 'op-1',
  outcome: 'applied',
  effects: [],
  epoch: 3,
  undoUntil: new Date(Date.now() + 60_000).toISOString(),
};

let remoteUnmute: 'on' | 'off' | 'unknown';
beforeEach(() => {
  remoteUnmute = 'on';
});

function serve(seats: Seat[], onAction: (call: Call) => FakeAnswer = () => ({ body: applied })) {
  const api = fakeApi((call) => {
    if (call.route.endsWith('/acting')) return { status: 204 };
    if (call.method === 'POST') return onAction(call);
    if (call.route === `/rooms/${ENCODED}/seats`) return { body: seats };
    if (call.route === `/rooms/${ENCODED}`) {
      return { body: { id: ROOM, name: ROOM, title: '', isClosed: false, promoteTemplate: null } };
    }
    if (call.route === `/rooms/${ENCODED}/stage`) {
      return { body: { hands: [], invites: [], limits: [], next: null } };
    }
    if (call.route === '/status')
      return { body: { livekit: { state: 'up', remoteUnmute }, demo: { isPresent: false } } };
    return { headers: { 'Content-Range': 'x 0-0/0' }, body: [] };
  });
  restore = api.restore;
  return api;
}

const MODERATOR: Permission[] = [
  'room.read',
  'seat.read',
  'seat.promote',
  'seat.demote',
  'seat.mute',
  'seat.remove',
  'seat.block',
];
const open = (permissions = MODERATOR) =>
  renderAdmin(<RoomConsolePage />, {
    me: signedIn(permissions),
    at: `/rooms/${ENCODED}/console`,
  });

async function focusGrid() {
  const grid = await screen.findByRole('grid');
  act(() => grid.focus());
  await userEvent.keyboard('{Home}');
  return grid;
}

/** What was asked of the server to be done; saying who acts and asking what would happen is not. */
const posts = (calls: Call[]) =>
  calls.filter(({ method, route }) => method === 'POST' && !/\/(acting|preview)$/.test(route));

describe('RoomConsolePage', () => {
  it('promotes by one key, at once, with the epoch that was on the screen', async () => {
    const { calls } = serve([seat('ana'), seat('bo')]);
    open();
    await focusGrid();
    await userEvent.keyboard('jp');
    await waitFor(() => expect(posts(calls)).toHaveLength(1));
    expect(posts(calls)[0]).toMatchObject({
      route: `/rooms/${ENCODED}/seats/bo/promote`,
      body: { expectEpoch: 2 },
    });
    await screen.findByText(/Promoted · not confirmed yet/);
  });

  it('undoes the last change by the operation that made it', async () => {
    const { calls } = serve([seat('ana')]);
    open();
    await focusGrid();
    await userEvent.keyboard('p');
    await screen.findByText(/not confirmed yet/);
    await userEvent.keyboard('u');
    await waitFor(() => expect(posts(calls)[1]?.route).toBe('/operations/op-1/undo'));
  });

  it('does not claim a promotion that a lock keeps from them', async () => {
    const role = { template: 'speaker', version: 1, source: 'override' as const };
    serve([seat('ana')]);
    open();
    await focusGrid();
    await userEvent.keyboard('p');
    await tell([seat('ana', { role, epoch: 3 })], () => screen.getByText(/^Promoted · \d/));
    const withheld = { sources: ['microphone', 'camera'] as const, data: true };
    await tell([seat('ana', { role, epoch: 3, withheld })], () =>
      screen.getByText('Promoted · silent in this scene'),
    );
    expect(screen.getByRole('button', { name: /^Undo/ })).toBeTruthy();
  });

  it('says before a lock who would stay muted', async () => {
    const track = { sid: 'TR_1', type: 'audio', source: 'microphone', name: '', isMuted: false };
    const phone = { kind: 'sip', silencing: 'mute', tracks: [track] } as Partial<Seat>;
    remoteUnmute = 'off';
    serve([seat('ana'), seat('phone', phone)]);
    open([...MODERATOR, 'scene.enter']);
    const button = await screen.findByRole('button', { name: 'Lock stage' });
    await screen.findByText('1 stays muted afterwards');
    expect(button.getAttribute('aria-describedby')).toBe('lock-no-unmute');
  });

  it('says what a hold takes, on the button and in the list of keys', async () => {
    const observed = {
      canPublish: true,
      canPublishSources: ['microphone', 'camera'] as const,
    };
    serve([seat('ana', { observed })]);
    open();
    await focusGrid();
    await userEvent.keyboard('{Enter}');
    await screen.findByRole('menuitem', { name: /^Hold silent \(mic, cam\)/ });
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('menuitem')).toBeNull());
    await userEvent.keyboard('?');
    const sheet = within(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' }));
    expect(sheet.getByText(/^Hold silent: mic, camera and screen go off/)).toBeTruthy();
    expect(sheet.getByText(/pull a row right to promote/)).toBeTruthy();
  });

  it('takes a promotion back, and offers a choice of roles where there is none', async () => {
    const override = { template: 'speaker', version: 1, until: null, by: 'kim', reason: null };
    const { calls } = serve([seat('ana', { override }), seat('bo')]);
    open();
    await focusGrid();
    await userEvent.keyboard('d');
    await waitFor(() => expect(posts(calls)[0]?.route).toMatch(/ana\/demote$/));
    await userEvent.keyboard('jd');
    expect(await screen.findByRole('dialog', { name: 'Demote BO to' })).toBeTruthy();
    expect(posts(calls)).toHaveLength(1);
  });

  it('tells removing from blocking before it does either', async () => {
    const { calls } = serve([seat('ana')], ({ route, body }) => {
      if (!route.endsWith('/preview')) return { body: applied };
      const { action, for: length } = body as { action: string; for?: string };
      return { body: { effects: [`would ${action}, for ${length ?? 'now'}`], problem: null } };
    });
    open();
    await focusGrid();
    await userEvent.keyboard('{Delete}');
    const dialog = within(await screen.findByRole('dialog', { name: 'Remove ANA?' }));
    expect(dialog.getByText(/can come back with the token/)).toBeTruthy();
    expect(await dialog.findByText('Would remove, for now')).toBeTruthy();
    expect(posts(calls)).toHaveLength(0);
    await userEvent.click(dialog.getByRole('radio', { name: /Remove and block/ }));
    expect(await dialog.findByText('Would block, for 1h')).toBeTruthy();
    await userEvent.click(dialog.getByRole('button', { name: 'Spam' }));
    await userEvent.click(dialog.getByRole('button', { name: 'Remove and block ANA' }));
    await waitFor(() =>
      expect(posts(calls)[0]).toMatchObject({
        route: `/rooms/${ENCODED}/seats/ana/block`,
        body: { for: '1h', reason: 'Spam' },
      }),
    );
  });

  it('asks when another moderator was first, and overrides only on request', async () => {
    const current = seat('ana', {
      epoch: 7,
      lastChange: {
        at: new Date().toISOString(),
        by: 'Kim',
        kind: 'promote',
        outcome: 'applied',
        ms: 9,
      },
    });
    const { calls } = serve([seat('ana')], ({ body }) =>
      (body as { expectEpoch: number }).expectEpoch === 7
        ? { body: applied }
        : { status: 409, body: { code: 'seat.changed', current } },
    );
    open();
    await focusGrid();
    await userEvent.keyboard('p');
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/Kim changed this/)).toBeTruthy();
    await userEvent.click(dialog.getByRole('button', { name: 'Apply mine anyway' }));
    await waitFor(() => expect(posts(calls)[1]?.body).toEqual({ expectEpoch: 7 }));
  });

  it('sends nothing for operators without the permission, and says who has it', async () => {
    const { calls } = serve([seat('ana')]);
    open(['room.read', 'seat.read']);
    await focusGrid();
    await userEvent.keyboard('pdmu');
    const promote = screen.getByText('Promote');
    expect(promote.getAttribute('aria-disabled')).toBe('true');
    const why = 'Only an admin or a moderator can do this (permission seat.promote)';
    expect(promote.title).toBe(why);
    await userEvent.click(promote);
    await screen.findAllByText(`ANA: ${why}`);
    expect(posts(calls)).toHaveLength(0);
  });

  it('asks again before it repeats what harms, and carries no reason to the next person', async () => {
    const { calls } = serve([seat('ana'), seat('bo')]);
    open();
    await focusGrid();
    await userEvent.keyboard('{Delete}');
    const reason = async () => screen.findByRole<HTMLInputElement>('textbox', { name: 'Reason' });
    await userEvent.type(await reason(), 'Shouted');
    await userEvent.click(screen.getByText('Remove ANA'));
    await waitFor(() => expect(posts(calls)[0]?.body).toEqual({ reason: 'Shouted' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await userEvent.keyboard('j.');
    expect((await reason()).value).toBe('');
    expect(screen.getByText('Remove BO?')).toBeTruthy();
    expect(posts(calls)).toHaveLength(1);
  });

  it('acts by the button of a row on that row, not on the selection', async () => {
    const { calls } = serve([seat('ana'), seat('bo', { isPresent: false, block: {} })]);
    open();
    await focusGrid();
    await userEvent.keyboard('x');
    await userEvent.dblClick(await screen.findByText('Unblock'));
    await waitFor(() => expect(posts(calls)).toHaveLength(1));
    expect(posts(calls)[0]?.route).toBe(`/rooms/${ENCODED}/seats/bo/unblock`);
  });

  it('teaches what to do with an empty room', async () => {
    serve([]);
    open();
    expect(await screen.findByText('Nobody is here yet')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Copy the join link' })).toBeTruthy();
  });

  it('finds by typing, and says when nobody matches', async () => {
    serve([seat('ana'), seat('bo')]);
    open();
    await focusGrid();
    await userEvent.keyboard('/');
    await userEvent.keyboard('an');
    await waitFor(() => expect(screen.queryByText('BO')).toBeNull());
    await userEvent.keyboard('zzz');
    expect(await screen.findByText('Nobody matches')).toBeTruthy();
  });

  it('acts on nobody by a key whose person is no longer shown', async () => {
    const hand = { id: 'h1', since: new Date().toISOString(), note: null };
    const { calls } = serve([seat('ana'), seat('bo', { hand })], () => ({ body: applied }));
    open([...MODERATOR, 'stage.manage']);
    await focusGrid();
    // The marked one is filtered away.
    await userEvent.keyboard('j1');
    await waitFor(() => expect(screen.queryByText('ANA')).toBeNull());
    await userEvent.keyboard('p');
    await screen.findAllByText('No row was highlighted. Now it is BO: press the key again.');
    expect(posts(calls)).toHaveLength(0);
    await userEvent.keyboard('p');
    await waitFor(() => expect(posts(calls)).toHaveLength(1));
  });

  it('moves no element while thousands scroll by, and says in which order they are read', async () => {
    serve(Array.from({ length: 2_000 }, (_, i) => seat(`p${String(i).padStart(4, '0')}`)));
    open();
    await focusGrid();
    const grid = screen.getByRole('grid');
    const group = grid.querySelector('[role=rowgroup][aria-owns]')!;
    const known = new Set(group.children);
    const moved: Node[] = [];
    const observer = new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        moved.push(...[...addedNodes].filter((node) => known.has(node as Element)));
      }
    });
    observer.observe(group, { childList: true });
    for (const scrollTop of [360, 1_080, 36_000]) fireEvent.scroll(grid, { target: { scrollTop } });
    const read = () => {
      const ids = group.getAttribute('aria-owns')?.split(' ') ?? [];
      return ids.map((id) => Number(document.getElementById(id)?.getAttribute('aria-rowindex')));
    };
    await waitFor(() => expect(read()[0]).toBeGreaterThan(900));
    expect(read()).toEqual(read().map((_, i) => read()[0]! + i));
    expect(read()).toHaveLength(group.children.length);
    expect(moved).toHaveLength(0);
    observer.disconnect();
  });

  describe('with 5,000 people', () => {
    const mic = { sid: 'TR_1', source: 'microphone' as const, isMuted: false };
    const numbered = (i: number, changes: Partly<Seat> = {}) =>
      seat(`p${String(i).padStart(4, '0')}`, changes);
    /** Those who send stand first, forty of them, which is more than are in sight. */
    const people = () =>
      Array.from({ length: 5_000 }, (_, i) => numbered(i, { tracks: i < 40 ? [mic] : [] }));
    const rowOf = (name: string) => screen.getByText(name).closest('[role=row]')!;

    /** Opened, and everything has come that the page asks for at first. */
    async function openFull() {
      serve(people());
      open();
      await screen.findByText('P0007');
      const muted = numbered(7, { tracks: [{ ...mic, isMuted: true }] });
      await tell([muted], () =>
        expect(rowOf('P0007').querySelector('[aria-label$="Live: mic (muted)"]')).not.toBeNull(),
      );
    }

    /** How often something was drawn from now on: whatever is drawn asks for its words. */
    function countDrawn() {
      const translate = jest.spyOn(i18nProvider, 'translate');
      const times = (words: string) => translate.mock.calls.filter(([key]) => key === words).length;
      return {
        rows: () => times('room_console.commands.more'),
        grid: () => times('room_console.grid.help'),
        around: () =>
          times('room_console.grid.label') +
          times('room_console.search') +
          times('room_console.panel.label') +
          times('room_console.grid.person'),
      };
    }

    it('draws again those in sight of the fifty who changed, once, and nothing around them', async () => {
      await openFull();
      const drawn = countDrawn();
      const changed = [
        numbered(3, { tracks: [{ ...mic, isMuted: true }] }),
        numbered(5, { tracks: [{ ...mic, isMuted: true }] }),
        ...Array.from({ length: 48 }, (_, i) => numbered(1_000 + i, { tracks: [mic] })),
      ];
      await tell(changed, () => {
        expect(rowOf('P0003').querySelector('[aria-label$="Live: mic (muted)"]')).not.toBeNull();
        expect(screen.getByRole('button', { name: /^Mic ?88$/ })).toBeTruthy();
      });
      expect(drawn.rows()).toBe(2);
      expect(drawn.grid()).toBe(1);
      expect(drawn.around()).toBe(0);
    });

    it('moves the rows of who stays when somebody comes before them, and draws one', async () => {
      await openFull();
      const [row, index] = [rowOf('P0003'), rowOf('P0003').getAttribute('aria-rowindex')];
      const drawn = countDrawn();
      await tell(
        [numbered(4_000, { hand: { id: 'h1', since: new Date().toISOString(), note: null } })],
        () => expect(rowOf('P4000').getAttribute('aria-rowindex')).toBe('3'),
      );
      expect(rowOf('P0003')).toBe(row);
      // The first hand brings the head of its section with it.
      expect(row.getAttribute('aria-rowindex')).toBe(String(Number(index) + 2));
      expect(drawn.rows()).toBe(1);
      expect(drawn.around()).toBe(0);
    });

    it('keeps the keys on the element of the same person while rows move', async () => {
      serve(people());
      open();
      await focusGrid();
      await userEvent.keyboard('jjj');
      const grid = screen.getByRole('grid');
      const active = () => document.getElementById(grid.getAttribute('aria-activedescendant')!);
      const row = rowOf('P0003');
      expect(active()).toBe(row);
      // R sorts at once; on a slow machine it was sorted after two seconds already.
      await tell(
        [numbered(4_000, { hand: { id: 'h1', since: new Date().toISOString(), note: null } })],
        () => expect(screen.getByRole('button', { name: /^Hands ?1$/ })).toBeTruthy(),
      );
      await userEvent.keyboard('r');
      await waitFor(() => expect(rowOf('P4000')).toBeTruthy());
      expect(active()).toBe(row);
      expect(row.textContent).toMatch(/P0003/);
      expect(row.getAttribute('aria-rowindex')).toBe('8');
    });
  });
});
