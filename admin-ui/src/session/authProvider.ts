import type { AuthProvider } from 'react-admin';
import { deleteJson, postJson, ProblemError } from '../api/httpClient';
import { may, permissionFor } from './permissions';
import type { Me } from '../api/records';
import { session } from './session';

export const signIn = async (email: string, password: string) => {
  await postJson<Me>('/session', { email, password }, { isAnonymous: true });
  try {
    return await session.refresh();
  } catch (error) {
    // The password was right, and the browser has not kept the cookie that the answer set.
    const isKept = !(error instanceof ProblemError && error.status === 401);
    throw isKept ? error : new Error('app.sign_in.needs_cookies');
  }
};

export const authProvider: AuthProvider = {
  async login({ email, password }: { email: string; password: string }) {
    await signIn(email, password);
  },

  async logout() {
    if (session.get()) {
      session.set(null);
      await deleteJson('/session', { isAnonymous: true }).catch(() => undefined);
    }
  },

  /** Without an answer nothing is known: the page stays and its own calls say what is wrong. */
  async checkAuth() {
    try {
      await session.load();
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) {
        throw Object.assign(new Error(), { message: false });
      }
    }
  },

  /** A 401 that gets here was not answered with a password. A 403 must not sign anybody out. */
  async checkError(error: unknown) {
    if (error instanceof ProblemError && error.status === 401) {
      session.set(null);
      throw Object.assign(new Error(), { message: false });
    }
  },

  async getIdentity() {
    const { operator } = await session.load();
    return { id: operator.id, fullName: operator.name || operator.email, email: operator.email };
  },

  async getPermissions() {
    return (await session.load().catch(() => null))?.permissions ?? [];
  },

  async canAccess({ resource, action }) {
    const me = await session.load().catch(() => null);
    // Nobody is known yet: let the page load, its first call tells why.
    if (!me) return true;
    const readable = permissionFor(resource, 'list');
    const needed = permissionFor(resource, action);
    // A page for editing opens read-only for those who may only read.
    if (action === 'edit' && readable && may(me, readable)) return true;
    return needed !== undefined && may(me, needed);
  },
};
