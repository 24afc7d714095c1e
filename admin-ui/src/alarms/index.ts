import { lazyPage } from '../layout/lazyPage';

export default { list: lazyPage(async () => (await import('./AlarmList')).AlarmList) };
