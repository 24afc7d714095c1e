import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** One import of a source file by another, both as paths relative to the root of the sources. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** Files that belong to no folder, such as `main.ts`, wire the folders together. */
export const WIRING = '(root)';

/** Every source file below `root` that is not a test. */
export function sourceFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !/spec\.tsx?$/.test(path))
    .map((path) => path.split(sep).join('/'))
    .sort();
}

/** Static and dynamic imports between the source files below `root`, types included. */
export function importsIn(root: string): Import[] {
  return sourceFiles(root).flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import\(|import)\s*'(\.{1,2}\/[^']+)'/g)];
    return specifiers.flatMap(([, specifier]) => {
      const to = resolveSource(join(root, dirname(from), specifier!));
      return to === null ? [] : [{ from, to: relative(root, to).split(sep).join('/') }];
    });
  });
}

/** The first folder of a path: `seats/seat-store.ts` is in `seats`. */
export function folderOf(path: string): string {
  const [first, ...rest] = path.split('/');
  return rest.length > 0 && first !== undefined ? first : WIRING;
}

/** Folder → the folders that it imports. Wiring is left out: nothing may import it. */
export function folderGraph(imports: readonly Import[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [folderOf(from), folderOf(to)];
    if (a === WIRING || a === b) continue;
    graph.set(a, (graph.get(a) ?? new Set()).add(b));
    if (!graph.has(b)) graph.set(b, new Set());
  }
  return graph;
}

/** The same between the folders inside one folder; its own files count as one that is named `.`. */
export function innerGraph(imports: readonly Import[], folder: string): Map<string, Set<string>> {
  const inside = (path: string) => path.slice(folder.length + 1);
  const nameOf = (path: string) => (inside(path).includes('/') ? folderOf(inside(path)) : '.');
  const graph = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (folderOf(from) !== folder || folderOf(to) !== folder) continue;
    const [a, b] = [nameOf(from), nameOf(to)];
    if (a !== b) graph.set(a, (graph.get(a) ?? new Set()).add(b));
    if (!graph.has(b)) graph.set(b, new Set());
  }
  return graph;
}

/** Each cycle that a depth-first walk meets, as the folders in the order of their imports. */
export function cyclesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles = new Set<string>();
  const done = new Set<string>();
  const walk = (folder: string, path: readonly string[]): void => {
    const seenAt = path.indexOf(folder);
    if (seenAt >= 0) {
      cycles.add([...path.slice(seenAt), folder].join(' → '));
      return;
    }
    if (done.has(folder)) return;
    for (const next of [...(graph.get(folder) ?? [])].sort()) walk(next, [...path, folder]);
    done.add(folder);
  };
  for (const folder of [...graph.keys()].sort()) walk(folder, []);
  return [...cycles];
}

/**
 * The folders in layers, lowest first: each imports only folders of the layers before it. Throws for
 * a graph with a cycle, which has no layers.
 */
export function layersOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const layers: string[][] = [];
  const placed = new Set<string>();
  while (placed.size < graph.size) {
    const layer = [...graph]
      .filter(([folder, uses]) => !placed.has(folder) && [...uses].every((one) => placed.has(one)))
      .map(([folder]) => folder)
      .sort();
    if (layer.length === 0) throw new Error('a cycle has no layers');
    layer.forEach((folder) => placed.add(folder));
    layers.push(layer);
  }
  return layers;
}

function resolveSource(path: string): string | null {
  const candidates = [path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}.tsx`];
  return candidates.find((one) => /\.tsx?$/.test(one) && existsSync(one)) ?? null;
}
