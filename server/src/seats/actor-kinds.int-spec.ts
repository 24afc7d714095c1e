import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { PERMISSIONS } from '../actor/permissions.js';

describe('an API key named like an operator', () => {
  let app: TestApp;
  let key: Credential;

  beforeAll(async () => {
    app = await startTestApp();
    key = await app.newApiKey(Object.keys(PERMISSIONS));
    await app.sql('UPDATE api_key SET name = $1', [app.admin.label]);
    await app.newRoom({ name: 'hall', default_template: 'viewer' });
    await app.newUser({ identity: 'ana' });
  });
  afterAll(() => app.stop());

  const call = async (as: Credential, method: string, path: string, body?: object) => {
    const answer = await app.inject<Json>(method, `/api/v1/${path}`, { as, ...(body && { body }) });
    expect([path, answer.text, answer.status < 300]).toEqual([path, answer.text, true]);
    return answer.body;
  };
  const act = (as: Credential, action: string, body: object = {}) =>
    call(as, 'POST', `rooms/hall/seats/ana/${action}`, body);
  const seat = async () =>
    (await call(app.admin, 'GET', 'rooms/hall/seats')).find((s: Json) => s.identity === 'ana');

  const byKey = { by: 'admin@example.com', byKind: 'api_key' };
  const byAdmin = { by: 'admin@example.com', byKind: 'operator' };

  it('is shown as a key wherever it acted, and the operator as an operator', async () => {
    const byName = await act(app.admin, 'promote', { template: 'speaker' });
    expect(await seat()).toMatchObject({ override: byAdmin, lastChange: byAdmin });
    const again = await act(key, 'promote', { template: 'speaker' });
    expect(again.operationId).not.toBe(byName.operationId);
    await act(key, 'hold', { sources: ['microphone'] });
    await act(key, 'block', { reason: 'spam' });
    expect(await seat()).toMatchObject({
      override: byKey,
      hold: byKey,
      block: byKey,
      lastChange: byKey,
    });
    expect(await call(app.admin, 'GET', `operations/${again.operationId}`)).toMatchObject(byKey);
    const history = await call(app.admin, 'GET', 'rooms/hall/seats/ana/operations');
    expect((history.data ?? history).map(({ byKind }: Json) => byKind)).toEqual([
      'api_key',
      'api_key',
      'api_key',
      'operator',
    ]);
    const refused = await app.inject<Json>('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room: 'hall', identity: 'ana' },
    });
    expect(refused.body.because[0].text).toContain('by API key admin@example.com');
  });

  it('is shown as a key on what it made: assignments, templates, scenes', async () => {
    const all = { subject: { everyone: true }, scope: { all: true }, template: 'viewer' };
    const assignment = await call(key, 'POST', 'assignments', all);
    expect(assignment).toMatchObject({ createdByKind: 'api_key' });
    const template = { key: 'made', name: 'Made', grants: { roomJoin: true } };
    expect(await call(key, 'POST', 'role-templates', template)).toMatchObject({
      draft: { updatedBy: 'admin@example.com', updatedByKind: 'api_key' },
    });
    await call(key, 'POST', 'role-templates/made/publish', { message: 'first' });
    expect(await call(app.admin, 'GET', 'role-templates/made/versions/1')).toMatchObject({
      publishedByKind: 'api_key',
    });
    expect(await call(app.admin, 'GET', 'role-templates/viewer/versions/1')).toMatchObject({
      publishedByKind: 'system',
    });
    const rules = [{ from: '*', to: null }];
    const scene = await call(key, 'POST', 'scenes', { name: 'Quiet', rules });
    expect(scene).toMatchObject({ createdByKind: 'api_key' });
    const entered = await call(key, 'POST', 'rooms/hall/scene', { scene: scene.id });
    expect(entered.scene).toMatchObject(byKey);
    expect(await call(app.admin, 'GET', 'rooms/hall')).toMatchObject({ scene: byKey });
    expect(await call(app.admin, 'GET', `operations/${entered.operationId}`)).toMatchObject(byKey);
  });

  it('is not told from an operator on what was written before kinds were, and says so', async () => {
    await app.sql(`UPDATE seat SET override_by_kind = NULL, last_change = last_change - 'byKind'`);
    expect(await seat()).toMatchObject({
      override: { by: 'admin@example.com', byKind: null },
      lastChange: { by: 'admin@example.com', byKind: null },
    });
  });
});
