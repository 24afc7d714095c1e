import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./ApiKeyList')).ApiKeyList),
  create: lazyPage(async () => (await import('./ApiKeyCreate')).ApiKeyCreate),
};
