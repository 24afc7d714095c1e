import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { textInElement } from './tools/lint/text-in-element.mjs';

// Two rules of our own, which need the syntax tree with its types. All others are in .oxlintrc.json.

const NO_UNDOABLE = [
  "JSXAttribute[name.name='mutationMode'] Literal[value='undoable']",
  "Property[key.name='mutationMode'] > Literal[value='undoable']",
].map((selector) => ({
  selector,
  message: 'A change to access is sent when it is made: mutationMode="pessimistic".',
}));

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '**/*spec.ts', '**/*spec.tsx']),
  // Those are about the rules of .oxlintrc.json.
  { linterOptions: { reportUnusedDisableDirectives: 'off' } },
  {
    files: ['admin-ui/src/**/*.{ts,tsx}'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: 'admin-ui/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { rolecall: { rules: { 'text-in-element': textInElement } } },
    rules: {
      'rolecall/text-in-element': 'error',
      'no-restricted-syntax': ['error', ...NO_UNDOABLE],
    },
  },
);
