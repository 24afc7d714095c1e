/**
 * Each either an npm script, or Jest tests; `isReal`: they start servers, whose races show. Beside
 * other suites one with `parts` runs in so many, in turn with those of the others. What is first here
 * begins first.
 */
export const SUITES = {
  lint: { title: 'lint', npm: 'lint' },
  types: { title: 'types', npm: 'typecheck' },
  browser: {
    title: 'browser',
    isReal: true,
    config: 'admin-ui/jest.browser.config.js',
    // Two browsers that decode video on two cores miss deadlines when the machine is slow.
    workers: 1,
    files: 'admin-ui/e2e',
  },
  e2e: {
    title: 'end to end',
    config: 'server/jest.config.js',
    project: 'e2e',
    isReal: true,
    parts: 4,
    // They wait for rooms, leases and people more than they compute.
    workers: 3,
  },
  int: {
    title: 'integration',
    config: 'server/jest.config.js',
    project: 'int',
    isReal: true,
    parts: 4,
  },
  ui: { title: 'dashboard', config: 'admin-ui/jest.config.js' },
  unit: { title: 'unit', config: 'server/jest.config.js', project: 'unit' },
};

/** Of tests at once. On two cores one more has something to compute while others wait. */
export const PROCESSES = 3;
