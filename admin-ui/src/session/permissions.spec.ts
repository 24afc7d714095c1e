import { describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS } from '../../../server/src/actor/permissions';
import { signedIn } from '../../test/renderAdmin';
import { authProvider } from './authProvider';
import { may, permissionFor } from './permissions';
import { session } from './session';

describe('may', () => {
  it('needs the permission, and a room that the access reaches', () => {
    const me = signedIn(['room.update'], ['town-*']);
    expect(may(me, 'room.update', 'town-hall')).toBe(true);
    expect(may(me, 'room.update', 'board')).toBe(false);
    expect(may(me, 'room.delete', 'town-hall')).toBe(false);
    expect(may(null, 'room.update')).toBe(false);
  });
});

describe('access to pages', () => {
  const canAccess = (resource: string, action: string) =>
    authProvider.canAccess?.({ resource, action });

  it('names only permissions that exist', () => {
    const resources = ['rooms', 'users', 'role-templates', 'assignments', 'operators', 'api-keys'];
    const needed = resources.flatMap((resource) =>
      ['list', 'show', 'create', 'edit', 'delete'].map((action) => permissionFor(resource, action)),
    );
    expect(ALL_PERMISSIONS).toEqual(expect.arrayContaining(needed.filter((name) => name)));
  });

  it('opens an editing page to who may only read, but not a creating page', async () => {
    session.set(signedIn(['room.read']));
    await expect(canAccess('rooms', 'list')).resolves.toBe(true);
    await expect(canAccess('rooms', 'edit')).resolves.toBe(true);
    await expect(canAccess('rooms', 'create')).resolves.toBe(false);
    await expect(canAccess('users', 'list')).resolves.toBe(false);
  });

  it('refuses what is not known', async () => {
    session.set(signedIn(ALL_PERMISSIONS));
    await expect(canAccess('secrets', 'list')).resolves.toBe(false);
  });
});
