import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { PRESETS } from '@rolecall/server/grants';
import { type Call, fakeApi, type FakeAnswer } from '../../test/fakeApi';
import { renderAdmin, signedIn } from '../../test/renderAdmin';
import type { Permission } from '../session/permissions';
import { TemplatePage } from './TemplatePage';

const speaker = PRESETS.find(({ key }) => key === 'speaker')!;
const template = {
  id: 'speaker',
  ...speaker,
  isBuiltIn: true,
  isArchived: false,
  published: 3,
  publishedAt: '2026-11-20T10:00:00Z',
  metadata: '',
  attributes: {},
  draft: null,
  assignments: 312,
  live: 214,
};

// The page is large, and jsdom works out accessible names slowly.
jest.setTimeout(30_000);

let restore = () => {};
afterEach(() => restore());

function serve(answers: Record<string, FakeAnswer | ((call: Call) => FakeAnswer)> = {}) {
  const api = fakeApi((call) => {
    const answer = answers[`${call.method} ${call.route}`];
    if (answer) return typeof answer === 'function' ? answer(call) : answer;
    if (call.route === '/role-templates/speaker') {
      return { headers: { ETag: '"7"' }, body: template };
    }
    if (call.route === '/role-templates/preview') {
      return { body: { claims: {}, inWords: ['joins the room'], lint: [] } };
    }
    return undefined;
  });
  restore = api.restore;
  return api;
}

const ALL: Permission[] = ['role_template.read', 'role_template.write', 'role_template.publish'];
const open = (permissions = ALL) =>
  renderAdmin(<TemplatePage />, { me: signedIn(permissions), at: '/role-templates/speaker' });
const bodiesOf = (calls: Call[], route: string) =>
  calls.filter((call) => call.route === route).map(({ body }) => body as { grants: object });

describe('TemplatePage', () => {
  it('shows every grant as it is, on or off', async () => {
    serve();
    open();
    expect(await screen.findAllByRole('switch')).toHaveLength(19);
    const on = screen.getAllByRole<HTMLInputElement>('switch').filter(({ checked }) => checked);
    expect(on).toHaveLength(4);
  });

  it('asks the server what the change would give, with every value explicit', async () => {
    const { calls } = serve();
    open();
    await userEvent.click(await screen.findByLabelText('Send data'));
    await waitFor(() =>
      expect(bodiesOf(calls, '/role-templates/preview').at(-1)?.grants).toEqual({
        ...speaker.grants,
        canPublishData: false,
      }),
    );
  });

  it('saves by Ctrl+S against the state that was read', async () => {
    const { calls } = serve({
      'PUT /role-templates/speaker/draft': ({ body }) => ({
        headers: { ETag: '"8"' },
        body: {
          ...template,
          draft: {
            ...(body as object),
            ttl: 900,
            updatedAt: '2026-11-21T10:00:00Z',
            updatedBy: 'Lee',
            basedOn: 3,
          },
        },
      }),
    });
    open();
    await userEvent.type(await screen.findByLabelText('Lifetime of a token'), '15m');
    await userEvent.keyboard('{Control>}s{/Control}');
    await screen.findByText(/draft by Lee/);
    const put = calls.find(({ method }) => method === 'PUT');
    expect(put?.headers.get('If-Match')).toBe('"7"');
    expect(put?.body).toMatchObject({ ttl: '15m', grants: speaker.grants });
  });

  it('keeps one’s own words when somebody else saved first, and asks', async () => {
    serve({ 'PUT /role-templates/speaker/draft': { status: 412, body: { title: 'Changed' } } });
    open();
    await userEvent.type(await screen.findByLabelText('Metadata of the participant'), 'mine');
    await userEvent.click(screen.getByText('Save draft'));
    expect(await screen.findByText('Somebody saved this first')).toBeTruthy();
    expect(screen.getByDisplayValue('mine')).toBeTruthy();
    expect(screen.getByText('Overwrite with mine')).toBeTruthy();
  });

  it('shows the consequences before it publishes, and asks for a message and for what is grave', async () => {
    const draft = {
      grants: speaker.grants,
      ttl: null,
      metadata: '',
      attributes: {},
      updatedAt: '2026-11-21T10:00:00Z',
      updatedBy: 'Lee',
      basedOn: 3,
    };
    const { calls } = serve({
      'GET /role-templates/speaker': { headers: { ETag: '"7"' }, body: { ...template, draft } },
      'GET /role-templates/speaker/diff?from=3&to=draft': {
        body: { sentences: [{ text: 'gains screen share', kind: 'gain', grant: 'x' }] },
      },
      'GET /role-templates/speaker/impact': {
        body: { assignments: 312, live: 214, rooms: [{ room: 'town-hall', live: 214 }] },
      },
      'POST /role-templates/preview': {
        body: {
          claims: {},
          inWords: [],
          lint: [{ severity: 'error', code: 'admin.room', text: 'can undo every demotion' }],
        },
      },
      'POST /role-templates/speaker/publish': { status: 201, body: { version: 4 } },
    });
    open();
    await userEvent.click(await screen.findByText('Publish…'));
    const dialog = within(await screen.findByRole('dialog'));
    await dialog.findByText('gains screen share');
    await dialog.findByText(/312 assignments and 214 people/);
    const publish = dialog.getByRole<HTMLButtonElement>('button', { name: 'Publish version 4' });
    expect(publish.disabled).toBe(true);
    await userEvent.type(dialog.getByRole('textbox', { name: /why/ }), 'For the panel');
    expect(publish.disabled).toBe(true);
    await userEvent.click(dialog.getByRole('checkbox', { name: /Publish anyway/ }));
    await userEvent.click(publish);
    await waitFor(() =>
      expect(calls.find(({ route }) => route.endsWith('/publish'))?.body).toEqual({
        message: 'For the panel',
      }),
    );
  });

  it('lets those who may only read see all of it and change nothing', async () => {
    serve();
    open(['role_template.read']);
    const switches = await screen.findAllByRole<HTMLInputElement>('switch');
    expect(switches.every(({ disabled }) => disabled)).toBe(true);
    expect(screen.getByLabelText<HTMLInputElement>('Lifetime of a token').readOnly).toBe(true);
    expect(screen.queryByText('Save draft')).toBeNull();
    expect(screen.queryByText('Publish…')).toBeNull();
  });
});
