import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/** As a file: the server puts it into the page, whose policy lets no script add a style. */
function style(): Plugin {
  return {
    name: 'dossier-style',
    generateBundle() {
      const source = readFileSync('src/dossier/page.css', 'utf8');
      this.emitFile({ type: 'asset', fileName: 'page.css', source });
    },
  };
}

/** The one script and the one style of a dossier, which the server puts into the file. */
export default defineConfig({
  plugins: [style()],
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: 'dist/dossier',
    // Who gets a dossier may read the program that verifies it.
    minify: false,
    modulePreload: false,
    rolldownOptions: {
      input: 'src/dossier/main.ts',
      output: { format: 'iife', entryFileNames: 'page.js' },
    },
  },
});
