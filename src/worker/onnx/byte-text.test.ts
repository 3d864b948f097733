import { seededRandom } from '../../core/index.ts';
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { describe, it } from 'node:test';
import { bytesToText, textToBytes } from './byte-text.ts';

/** What onnxruntime-node does to a string on its way: UTF-8 up to the first NUL, and back. */
function throughRuntime(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString('utf8');
}
const roundTrip = (bytes: Buffer): string => textToBytes(throughRuntime(bytesToText(bytes))).toString('hex');

const CASES: Readonly<Record<string, string>> = {
  empty: '', 'a zero byte': '00', 'text around zero bytes': '6100620063', 'a byte order mark': 'efbbbf61', 'a lone continuation': '80', 'a cut character': 'e282', 'a cut character before text': 'e28261',
  'overlong slash': 'c0af', 'overlong in three': 'e080af', 'overlong in four': 'f08080af', 'a lone surrogate': 'eda080', 'a surrogate pair in six bytes': 'eda080edb080', 'beyond Unicode': 'f4908080',
  'five-byte lead': 'f888808080', 'ff and fe': 'fffe', 'the replacement character': 'efbfbd', 'the last character': 'f48fbfbf', 'an escape character': 'f4808080', 'the last escape character': 'f48083bf',
  'one past the escape characters': 'f4808480', 'escapes beside bytes': 'fff480808041f48083bf00',
};

describe('bytes as text', () => {
  for (const [name, hex] of Object.entries(CASES)) it(`gives back ${name}`, () => assert.equal(roundTrip(Buffer.from(hex, 'hex')), hex));

  it('leaves text as it is', () => {
    for (const text of ['', 'plain', 'Łódź 🦉 \u{10FFFF}', '\uFEFFx', '\u{100100}\u{1000}', '\u{10FFFD}']) assert.equal(bytesToText(Buffer.from(text)), text);
    for (const byte of Array.from({ length: 255 }, (_, index) => index + 1).filter((value) => value < 0x80)) assert.equal(bytesToText(Buffer.of(byte)).charCodeAt(0), byte);
  });

  it('gives back random bytes, and their joints and cuts between elements', () => {
    const random = seededRandom(7);
    const pick = (): number => ([0, 0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0x83, 0xff][Math.floor(random() * 11)] as number);
    for (let round = 0; round < 3_000; round++) {
      const [left, right] = [0, 1].map(() => Buffer.from(Array.from({ length: Math.floor(random() * 12) }, () => (random() < 0.7 ? pick() : Math.floor(random() * 256)))));
      assert.equal(roundTrip(left as Buffer), (left as Buffer).toString('hex'));
      const text = bytesToText(left as Buffer);
      assert.ok(isUtf8(Buffer.from(text)) && text.isWellFormed() && !text.includes('\0'));
      assert.equal(textToBytes(throughRuntime(text + bytesToText(right as Buffer))).toString('hex'), Buffer.concat([left as Buffer, right as Buffer]).toString('hex'));
    }
  });
});
