import { FolderMirror, type MirrorStore } from '../sealing/ledger-mirror.js';
import {
  bundlePath,
  decodeBundle,
  splitHashes,
  TILE_WIDTH,
  tilePath,
  widthIn,
} from '../tree/tiles.js';
import type { TreeCopy } from './tree-verifier.js';

/** The mirror as a copy of the tree. What it cannot read counts as not there. */
export function mirrorCopy(store: MirrorStore, size: number): TreeCopy {
  return {
    size,
    folder: store instanceof FolderMirror ? store.place : null,
    file: (path) => store.read(path),
    async tiles({ level, index, width }) {
      // A partial tile goes when a wider one takes its place.
      for (const w of new Set([width, widthIn(size, level, index), TILE_WIDTH])) {
        if (w < width) continue;
        const bytes = await store.read(tilePath({ level, index, width: w }));
        if (bytes && bytes.length === w * 32) return splitHashes(bytes).slice(0, width);
      }
      return null;
    },
    async bundle(index, width) {
      for (const w of new Set([width, widthIn(size, 0, index), TILE_WIDTH])) {
        if (w < width) continue;
        const bytes = await store.read(bundlePath({ index, width: w }));
        const entries = bytes && decodeBundle(bytes);
        if (entries && entries.length >= width) return entries.slice(0, width);
      }
      return null;
    },
  };
}
