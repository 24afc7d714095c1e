import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./UserList')).UserList),
  create: lazyPage(async () => (await import('./UserCreate')).UserCreate),
  edit: lazyPage(async () => (await import('./UserEdit')).UserEdit),
};
