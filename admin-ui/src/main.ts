import './browser/prepare';

// Loaded after that, because a bundle may run the modules of other chunks before this one.
void import('./start');
