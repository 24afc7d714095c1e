import { describe, expect, it } from '@jest/globals';
import { toBase64 } from './bytes.js';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import {
  generateSigningKey,
  isSupported,
  parseSigningKey,
  timeOf,
  verifierOf,
} from './note-keys.js';
import {
  NoteError,
  openNote,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signNote,
} from './note.js';

// The example of https://c2sp.org/signed-note.
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
// The example of https://c2sp.org/tlog-checkpoint.
const TEXT = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
`;

const own = generateSigningKey('example.com/foo', SIGNATURE_TYPES.ed25519);
const ORIGIN = 'example.com/behind-the-sofa';

describe('signed notes', () => {
  it("verify with the specification's example", () => {
    const { text, signatures } = openNote(NOTE, [verifierOf(VKEY)]);
    expect(text).toBe('This is an example message.\n');
    expect(signatures).toHaveLength(1);
    expect(parseVerifierKey(VKEY)).toMatchObject({ name: 'example.com/foo', type: 1 });
  });

  it('are refused when a known key’s signature is wrong, or no known key signed', () => {
    const changed = NOTE.replace('an example', 'no example');
    expect(() => openNote(changed, [verifierOf(VKEY)])).toThrow('is wrong');
    expect(() => openNote(NOTE, [verifierOf(own.vkey)])).toThrow('no known key');
    expect(() => openNote(NOTE, [])).toThrow(NoteError);
    const both = signNote('text\n', [own, generateSigningKey('other', SIGNATURE_TYPES.ed25519)]);
    expect(openNote(both, [verifierOf(own.vkey)]).signatures).toHaveLength(1);
  });

  it('are refused when they are not written as the specification says', () => {
    const signature = NOTE.split('\n')[2] as string;
    const wrong = [
      'text',
      'text\n',
      'text\n\n',
      `text\n\n${signature}`,
      `text\n${signature}\n`,
      `te\txt\n\n${signature}\n`,
      `text\n\n${signature} \n`,
      `text\n\n${signature.replace('—', '-')}\n`,
      `text\n\n${signature.replace('foo', 'f+o')}\n`,
      `text\n\n${signature.replace('=', '')}\n`,
      `text\n\n— name AAAA\n`,
    ];
    for (const note of wrong) expect(() => parseNote(note)).toThrow(NoteError);
    expect(parseNote(`a\n\nb\n\n${signature}\n`).text).toBe('a\n\nb\n');
  });

  it('are signed with keys that are kept as one line', () => {
    const kept = parseSigningKey(own.secret);
    expect([kept.vkey, kept.secret, kept.keyId]).toEqual([own.vkey, own.secret, own.keyId]);
    expect(own.secret).toMatch(/^PRIVATE\+KEY\+example\.com\/foo\+[0-9a-f]{8}\+/);
    const note = signNote('text\n', [kept]);
    expect(openNote(note, [verifierOf(own.vkey)]).text).toBe('text\n');
    const [prefix, id] = [own.secret.slice(0, 28), own.secret.slice(28, 36)];
    expect(() =>
      parseSigningKey(`${prefix}${id === '00000000' ? '1' : '0'.repeat(8)}${own.secret.slice(36)}`),
    ).toThrow(NoteError);
    expect(() => verifierOf(VKEY.replace('530d903a', '530d903b'))).toThrow(NoteError);
    expect(() => verifierOf(`example.com/foo+530d903a+${toBase64(Uint8Array.of(9, 1))}`)).toThrow(
      NoteError,
    );
    expect(() => generateSigningKey('two words', SIGNATURE_TYPES.ed25519)).toThrow(NoteError);
  });
});

describe('checkpoints', () => {
  it("are written as the specification's example", () => {
    const checkpoint = parseCheckpoint(TEXT);
    expect(checkpoint).toMatchObject({ origin: ORIGIN, size: 20_852_163 });
    expect(formatCheckpoint(checkpoint)).toBe(TEXT);
    expect(parseCheckpoint(`${TEXT}an extension\n`)).toEqual(checkpoint);
  });

  it('are refused when they are written otherwise', () => {
    const wrong = [
      TEXT.slice(0, -1),
      TEXT.replace('20852163', '020852163'),
      TEXT.replace('20852163', '-1'),
      TEXT.replace('20852163', '9007199254740992'),
      TEXT.replace('q2I=', 'q2J='),
      TEXT.replace('CsUY', ''),
      TEXT.replace(ORIGIN, ''),
      `${TEXT}\n`,
    ];
    for (const text of wrong) expect(() => parseCheckpoint(text)).toThrow(NoteError);
  });

  it('are opened for one origin and its keys', () => {
    const signer = generateSigningKey(ORIGIN, SIGNATURE_TYPES.ed25519);
    const note = signCheckpoint(parseCheckpoint(TEXT), [signer]);
    const verifiers = [verifierOf(signer.vkey)];
    expect(openCheckpoint(note, ORIGIN, verifiers).size).toBe(20_852_163);
    expect(() => openCheckpoint(note, 'example.com/other', verifiers)).toThrow(NoteError);
  });

  const types = [SIGNATURE_TYPES.ed25519Cosignature, SIGNATURE_TYPES.mlDsa44Cosignature];
  for (const type of types.filter(isSupported)) {
    it(`are cosigned with their time, by a signature of type ${type}`, () => {
      const cosigner = generateSigningKey('witness.example.com/w1', type);
      const verifier = verifierOf(parseSigningKey(cosigner.secret).vkey);
      const note = signCheckpoint(parseCheckpoint(TEXT), [own, cosigner]);
      const [signature] = openNote(note, [verifier]).signatures;
      expect(Number(timeOf(signature?.bytes as Uint8Array))).toBeCloseTo(Date.now() / 1000, -1);
      const other = note.replace('20852163', '20852164');
      expect(() => openNote(other, [verifier])).toThrow('is wrong');
      const later = Uint8Array.from(signature?.bytes as Uint8Array);
      later[7] = (later[7] as number) ^ 1;
      expect(verifier.verify(TEXT, later)).toBe(false);
      expect(verifier.verify(TEXT, later.subarray(0, 7))).toBe(false);
    });
  }
});
