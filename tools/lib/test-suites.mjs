/**
 * Each either an npm script, or Jest tests; `isReal`: they start servers, whose races show. Beside
 * other suites one with `parts` runs in so many, one after another, as a process becomes free.
 */
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
    parts: 4,
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
 * One after another. Within one, two processes take suites from the front until nothing is left: there
 * are two cores, and what is long comes first. What waits for people in live rooms has them alone.
 */
export const STAGES = [['browser', 'lint', 'int', 'types', 'ui', 'unit'], ['e2e']];
