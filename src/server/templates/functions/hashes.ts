import { createHash } from 'node:crypto';
import { guidText } from '../../../foundation/ids.ts';

/** The hashes behind `guid()` and `uniqueString()`. Role assignments are named by them, so they equal Azure's bit by bit. */

const guidNamespace = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex');

/** A name-based UUID (RFC 9562 §5.5, version 5) of the texts joined by `-`. */
export function nameGuid(texts: readonly string[]): string {
  const octets = createHash('sha1').update(guidNamespace).update(texts.join('-')).digest().subarray(0, 16);
  octets[6] = ((octets[6] as number) & 0x0f) | 0x50;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  return guidText(octets);
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** 13 characters of the hash of the texts joined by `-`. */
export function uniqueText(texts: readonly string[]): string {
  let rest = hash64(Buffer.from(texts.join('-')));
  let text = '';
  for (let count = 0; count < 13; count += 1) {
    text += alphabet.charAt(Number(rest >> 59n));
    rest = (rest << 5n) & 0xffff_ffff_ffff_ffffn;
  }
  return text;
}

const first = 0xab0e9789;
const second = 0x239b961b;

/** A 64-bit hash of two 32-bit lanes (`spec/resource-manager.md` a.14). */
export function hash64(octets: Uint8Array): bigint {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const whole = octets.length - (octets.length % 8);
  let [h1, h2] = [0, 0];
  for (let at = 0; at < whole; at += 8) {
    h1 ^= mix(view.getUint32(at, true), second, 15, first);
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= mix(view.getUint32(at + 4, true), first, 17, second);
    h2 = (Math.imul((rotate(h2, 13) + h1) | 0, 5) + 0x0bcaa747) | 0;
  }
  const tail = octets.subarray(whole);
  if (tail.length > 0) h1 ^= mix(word(tail.subarray(0, 4)), second, 15, first);
  if (tail.length > 4) h2 ^= mix(word(tail.subarray(4)), first, 17, second);
  h2 ^= octets.length;
  h1 = ((h1 ^ octets.length) + h2) | 0;
  h2 = (h2 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 = (h1 + h2) | 0;
  h2 = (h2 + h1) | 0;
  return (BigInt(h2 >>> 0) << 32n) | BigInt(h1 >>> 0);
}

function mix(value: number, before: number, turn: number, after: number): number {
  return Math.imul(rotate(Math.imul(value, before), turn), after);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** Up to four octets, the first the lowest. */
function word(octets: Uint8Array): number {
  return octets.reduce((value, octet, at) => value | (octet << (8 * at)), 0);
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
