import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../common/errors/app-error.js';

/** What the build of the dashboard made for dossiers: see `admin-ui/vite.dossier.config.ts`. */
const BUILT = join(import.meta.dirname, '../../../../admin-ui/dist/dossier');

/** The one script and the one style of the page; nothing else may run, and nothing is fetched. */
export interface DossierPage {
  readonly script: string;
  readonly style: string;
}

export async function readDossierPage(folder = BUILT): Promise<DossierPage> {
  try {
    const [script, style] = await Promise.all(
      ['page.js', 'page.css'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    return { script: inElement(script ?? '', 'script'), style: inElement(style ?? '', 'style') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AppError(
      'unavailable',
      'dossier.not_built',
      'The dashboard was not built on this server, so there is no page for a dossier: npm run build',
    );
  }
}

/** The file, in pieces. `json` are pieces of the data. */
export function* htmlOf(
  { script, style }: DossierPage,
  json: readonly string[],
): Generator<string> {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Session dossier</title>
<style>${style}</style>
<script>${script}</script>
</head>
<body>
<noscript><p>This file shows and verifies itself with a script. Allow scripts, or read its data: the JSON below in the source of this page.</p></noscript>
<main id="report"><h1>Session dossier</h1><p role="status">Verifying …</p></main>
<script type="application/json" id="dossier">`;
  for (const piece of json) yield inJsonElement(piece);
  yield '</script>\n</body>\n</html>\n';
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** JSON says the same with these characters as escapes, and HTML finds no end of the element. */
function inJsonElement(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The build must not end the element either. */
function inElement(text: string, name: string): string {
  const wrong = new RegExp(`</${name}|<!--|\\r`, 'i');
  if (wrong.test(text))
    throw new Error(`the built ${name} of dossiers cannot be in an HTML element`);
  return text;
}
