import { tolerateForeignNodes } from './foreignNodes';
import { provideRandomUuid } from './secureContext';
// Libraries read `window.localStorage` while they load: it must be readable by then.
import './storage';

provideRandomUuid();
tolerateForeignNodes();
