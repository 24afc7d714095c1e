import { describe, expect, it } from '@jest/globals';
import {
  bundlePath,
  decodeBundle,
  encodeBundle,
  MAX_ENTRY_LENGTH,
  parseTilePath,
  partialsOf,
  partialTiles,
  tilePath,
  tilesBetween,
} from './tiles.js';

describe('tiles', () => {
  it('have the paths of tlog-tiles', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1');
    expect(tilePath({ level: 1, index: 1_000, width: 256 })).toBe('tile/1/x001/000');
    expect(bundlePath({ index: 999, width: 255 })).toBe('tile/entries/999.p/255');
    expect(partialsOf('tile/entries/999.p/255')).toBe('tile/entries/999.p');
    expect(partialsOf('tile/0/x001/000')).toBe('tile/0/x001/000.p');
  });

  it('are found by their path, and by no other spelling of it', () => {
    for (const index of [0, 7, 999, 1_000, 1_234_067, 999_999_999, 2 ** 45]) {
      for (const width of [1, 99, 255, 256]) {
        expect(parseTilePath(tilePath({ level: 63, index, width }))).toEqual({
          level: 63,
          index,
          width,
        });
        expect(parseTilePath(bundlePath({ index, width }))).toEqual({ level: null, index, width });
      }
    }
    const wrong =
      'tile/64/000 tile/00/000 tile/0/0 tile/0/1000 tile/0/x000/001 tile/0/000.p/0 tile/0/000.p/256 tile/0/000.p/01 tile/0/000/ /tile/0/000 tile/entries/x1/000 tile/0/../000 tile/-1/000';
    for (const path of wrong.split(' ')) expect([path, parseTilePath(path)]).toEqual([path, null]);
  });

  it('are as many and as wide as the specification says for a tree of 70,000', () => {
    expect(partialTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(partialTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(tilesBetween(0, 70_000)).toHaveLength(273 + 1 + 1 + 1 + 1);
    expect(tilesBetween(69_999, 70_000)).toEqual([{ level: 0, index: 273, width: 112 }]);
    expect(tilesBetween(510, 513)).toEqual([
      { level: 0, index: 1, width: 256 },
      { level: 0, index: 2, width: 1 },
      { level: 1, index: 0, width: 2 },
    ]);
  });

  it('have bundles that hold entries up to the longest', () => {
    const entries = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(MAX_ENTRY_LENGTH)];
    const bundle = encodeBundle(entries);
    expect(bundle.subarray(0, 7)).toEqual(Uint8Array.of(0, 0, 0, 3, 1, 2, 3));
    expect(decodeBundle(bundle)).toEqual(entries);
    expect(decodeBundle(bundle.subarray(0, -1))).toBeNull();
    expect(decodeBundle(Uint8Array.of(0))).toBeNull();
    expect(() => encodeBundle([new Uint8Array(MAX_ENTRY_LENGTH + 1)])).toThrow(RangeError);
  });
});
