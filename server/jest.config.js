/** Tests run on the sources: swc strips the types, `npm run typecheck` checks them. */
const common = {
  testEnvironment: '<rootDir>/test/support/environment.js',
  runtime: '<rootDir>/test/support/shared-runtime.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/timeouts.js'],
  moduleNameMapper: {
    '^@rolecall/migrations$': '<rootDir>/../migrations/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const withPostgres = {
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
};

/** `--selectProjects unit` starts nothing; the others share one throw-away Postgres. */
export default {
  projects: [
    {
      ...common,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testRegex: '\\.spec\\.ts$',
    },
    {
      ...common,
      ...withPostgres,
      displayName: 'int',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testRegex: '\\.(int|model)-spec\\.ts$',
    },
    {
      ...common,
      ...withPostgres,
      displayName: 'e2e',
      roots: ['<rootDir>/test'],
      testRegex: '\\.e2e-spec\\.ts$',
    },
  ],
};
