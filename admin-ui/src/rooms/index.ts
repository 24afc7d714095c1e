import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./RoomList')).RoomList),
  create: lazyPage(async () => (await import('./RoomCreate')).RoomCreate),
  edit: lazyPage(async () => (await import('./RoomEdit')).RoomEdit),
};
