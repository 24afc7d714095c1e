import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In an order in which each imports only what is before it. */
const MODULES = [
  'ledger/tree/bytes',
  'ledger/tree/merkle',
  'ledger/tree/sha256',
  'ledger/tree/tiles',
  'ledger/tree/tree-edge',
  'ledger/tree/note',
  'ledger/tree/checkpoint',
  'ledger/tree/note-keys',
  'ledger/tree/key-chain',
  'common/canonical-json',
  'common/printable',
  'common/raw-json',
  'ledger/verify/authentic-tiles',
  'ledger/verify/finding',
  'ledger/witness/policy',
  'ledger/witness/cosigned',
  'ledger/retention/forgotten-note',
  'ledger/export/export-format',
  'ledger/export/check-export',
  'ledger/export/export-file',
  'ledger/remote/checked-signatures',
  'ledger/remote/checked-cosignatures',
  'ledger/remote/log-head',
  'ledger/dossier/dossier-format',
  'ledger/dossier/check-dossier',
  'ledger/dossier/verify-dossier',
  'ledger/export/verify-main',
] as const;

const HEAD = `#!/usr/bin/env node
// Verifies the export in this folder, with nothing but Node 20 or newer: node verify.mjs
// Verifies the dossier of a session as well: node verify.mjs dossier.html
// It is made of the modules with which Rolecall itself verifies; each is one block below.
`;

/** The modules as they were compiled: beside this one, or, where this one is the source, in `dist`. */
const COMPILED = [join(import.meta.dirname, '../..'), join(import.meta.dirname, '../../../dist')];

function compiledFolder(): string {
  const isThere = (folder: string) => existsSync(join(folder, `${MODULES[0]}.js`));
  return COMPILED.find(isThere) ?? (COMPILED[0] as string);
}

/** The verifier as one file without dependencies. */
export async function makeVerifier(): Promise<string> {
  const folder = compiledFolder();
  const builtins = new Map<string, Set<string>>();
  const blocks: string[] = [];
  for (const name of MODULES) {
    const code = await readFile(join(folder, `${name}.js`), 'utf8');
    blocks.push(blockOf(name, code, builtins));
  }
  const imports = [...builtins].map(
    ([from, names]) => `import { ${[...names].sort().join(', ')} } from '${from}';`,
  );
  const run = `process.exitCode = await ${variableOf('ledger/export/verify-main')}.main(
  import.meta.dirname ?? new URL('.', import.meta.url).pathname,
  process.argv.slice(2),
);
`;
  return [HEAD, imports.join('\n'), '\n', ...blocks, run].join('\n');
}

/** A module as a function of its own, so that names of different modules do not meet. */
function blockOf(name: string, code: string, builtins: Map<string, Set<string>>): string {
  const needs: string[] = [];
  const exported: string[] = [];
  const body = code
    .replace(/^\/\/# sourceMappingURL.*$/m, '')
    .replace(/^import \{([^}]*)\} from '([^']+)';\n/gm, (_, names: string, from: string) => {
      if (!from.startsWith('.')) {
        const known = builtins.get(from) ?? new Set();
        for (const one of names.split(',')) if (one.trim() !== '') known.add(one.trim());
        builtins.set(from, known);
        return '';
      }
      const module = join(name, '..', from).replace(/\.js$/, '');
      needs.push(`const {${names.replaceAll(' as ', ': ')}} = ${variableOf(module)};`);
      return '';
    })
    .replace(
      /^export (async function\*?|function\*?|class|const) (\w+)/gm,
      (_, kind: string, what: string) => {
        exported.push(what);
        return `${kind} ${what}`;
      },
    );
  if (/^(import|export)\b/m.test(body)) throw new Error(`${name} cannot be put into one file`);
  const indented = [...needs, body.trim(), `return { ${exported.join(', ')} };`]
    .join('\n')
    .replace(/^(?=.)/gm, '  ');
  return `// ${name}\nconst ${variableOf(name)} = (() => {\n${indented}\n})();\n`;
}

function variableOf(module: string): string {
  const name = module.replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());
  return `${name}Module`;
}
