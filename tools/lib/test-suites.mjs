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
 * What runs side by side, and after it the next. A browser test waits half of its time: checks that
 * compute fill it. Suites with deadlines do not run beside each other: two cores make them miss some.
 */
export const STAGES = [[['browser'], ['types', 'lint', 'ui', 'unit']], [['int']], [['e2e']]];
