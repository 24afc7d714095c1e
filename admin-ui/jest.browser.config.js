import server from '../server/jest.config.js';

const { projects } = server;
const e2e = projects.find(({ displayName }) => displayName === 'e2e');

/**
 * Journeys through the built dashboard: Chromium, the server, Postgres and LiveKit, all real. The
 * sources of the server run as in its own tests.
 */
export default {
  ...e2e,
  displayName: 'browser',
  rootDir: '..',
  roots: ['<rootDir>/admin-ui/e2e'],
  testRegex: '\\.browser-spec\\.ts$',
  moduleNameMapper: {
    '^@rolecall/migrations$': '<rootDir>/migrations/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testEnvironment: '<rootDir>/server/test/support/environment.js',
  runtime: '<rootDir>/server/test/support/shared-runtime.cjs',
  setupFilesAfterEnv: ['<rootDir>/admin-ui/e2e/support/timeouts.js'],
  globalSetup: '<rootDir>/server/test/support/global-setup.js',
  globalTeardown: '<rootDir>/server/test/support/global-teardown.js',
};
