import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./OperatorList')).OperatorList),
  create: lazyPage(async () => (await import('./OperatorCreate')).OperatorCreate),
  edit: lazyPage(async () => (await import('./OperatorEdit')).OperatorEdit),
};
