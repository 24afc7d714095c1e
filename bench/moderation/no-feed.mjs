// Loaded into a server before it starts (--import): the same server without its event feed, which
// neither writes what changed nor listens for it.
import { EventFeed } from '../../server/dist/events/event-feed.js';

EventFeed.prototype.onApplicationBootstrap = async () => {};
