/** Each either an npm script, or Jest tests; `isReal`: they start servers, whose races show. */
export const SUITES = {
  types: { title: 'types', npm: 'typecheck' },
  lint: { title: 'lint', npm: 'lint' },
  unit: { title: 'unit', config: 'server/jest.config.js', project: 'unit' },
  ui: { title: 'dashboard', config: 'admin-ui/jest.config.js' },
  int: {
    title: 'integration',
    config: 'server/jest.config.js',
    project: 'int',
    isReal: true,
    // Beside other suites it runs in parts, one after another, as a process becomes free.
    parts: 3,
  },
  e2e: {
    title: 'end to end',
    config: 'server/jest.config.js',
    project: 'e2e',
    isReal: true,
    // They wait for rooms, leases and people more than they compute.
    workers: 3,
  },
  browser: {
    title: 'browser',
    isReal: true,
    config: 'admin-ui/jest.browser.config.js',
    // Two browsers that decode video on two cores miss deadlines when the machine is slow.
    workers: 1,
    files: 'admin-ui/e2e',
  },
};

/**
 * What two processes take from the front, until nothing is left; then the next. A browser test waits
 * half of its time, so the other process is busy all the while. The end-to-end tests hold the server
 * to a second: nothing runs beside them.
 */
export const STAGES = [['browser', 'lint', 'types', 'ui', 'unit', 'int'], ['e2e']];
