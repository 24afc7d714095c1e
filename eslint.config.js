import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { textInElement } from './tools/lint/text-in-element.mjs';

const SDK = {
  name: 'livekit-server-sdk',
  message: 'Only server/src/livekit talks to LiveKit; use its services.',
};

const TESTS = ['**/*spec.ts', '**/*spec.tsx', 'server/test/**', 'admin-ui/{e2e,test}/**'];

const NO_UNDOABLE = [
  "JSXAttribute[name.name='mutationMode'] Literal[value='undoable']",
  "Property[key.name='mutationMode'] > Literal[value='undoable']",
].map((selector) => ({
  selector,
  message: 'A change to access is sent when it is made: mutationMode="pessimistic".',
}));

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '**/.rolecall/', '**/coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortController',
          'AbortSignal',
          'Buffer',
          'Headers',
          'Request',
          'Response',
          'TextDecoder',
          'TextEncoder',
          'URL',
          'URLSearchParams',
          'clearInterval',
          'clearTimeout',
          'console',
          'fetch',
          'performance',
          'process',
          'setImmediate',
          'setInterval',
          'setTimeout',
          'structuredClone',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },

  {
    files: ['**/*.ts', '**/*.tsx'],
    ignores: ['**/*.d.mts', 'admin-ui/vite.config.ts'],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          'server/tsconfig.test.json',
          'admin-ui/tsconfig.json',
          'admin-ui/e2e/tsconfig.json',
          'migrations/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // TypeScript knows better what a name refers to, types included.
      'no-undef': 'off',
      // An async method of an interface need not have anything to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      // Text from outside is searched for exactly these.
      'no-control-regex': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-imports': ['error', { paths: [SDK] }],
    },
  },

  {
    files: ['server/src/livekit/**', 'bench/**', ...TESTS],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['server/src/**/*.controller.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [SDK, { name: 'typeorm', message: 'A controller calls its service.' }],
          patterns: [{ group: ['@nestjs/typeorm'], message: 'A controller calls its service.' }],
        },
      ],
    },
  },
  {
    files: ['server/src/grants/**'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [SDK],
          patterns: [
            { regex: '^\\.\\./(?!common/)', message: 'grants/ is pure: it imports no feature.' },
            { group: ['@nestjs/*', 'typeorm', 'pg', 'node:*'], message: 'grants/ does no I/O.' },
          ],
        },
      ],
    },
  },
  {
    // What a request answered, what a fake is asked and what react-admin hands on is typed `any`.
    files: ['admin-ui/src/**', ...TESTS],
    rules: Object.fromEntries(
      ['argument', 'assignment', 'call', 'member-access', 'return']
        .map((what) => `no-unsafe-${what}`)
        .concat('no-base-to-string', 'unbound-method')
        .map((rule) => [`@typescript-eslint/${rule}`, 'off']),
    ),
  },
  {
    files: TESTS,
    ignores: ['server/test/support/**', 'admin-ui/{test,e2e/support}/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[property.name=/^(only|skip)$/][object.name=/^(it|test|describe)$/]',
          message: 'A test runs, or is not there.',
        },
      ],
    },
  },

  {
    files: ['admin-ui/src/**'],
    ignores: TESTS,
    plugins: { rolecall: { rules: { 'text-in-element': textInElement } } },
    rules: { 'rolecall/text-in-element': 'error' },
  },
  {
    // These rules compile each file, which costs nearly as much as all others. Tests have no components.
    files: ['admin-ui/src/**'],
    ignores: TESTS,
    extends: [reactHooks.configs.flat.recommended],
  },
  {
    files: ['admin-ui/src/**'],
    rules: {
      'no-restricted-syntax': ['error', ...NO_UNDOABLE],
      '@typescript-eslint/no-misused-promises': [
        'error',
        // React ignores what a handler returns, and the handlers tell their own failures.
        { checksVoidReturn: { attributes: false } },
      ],
    },
  },
);
