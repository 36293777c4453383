import { isIPv4, isIPv6 } from 'node:net';
import type { JsonValue } from '../../../contract/arm.ts';
import { type Operands, templateFunction } from './template-function.ts';

/** Address ranges of IPv4 and IPv6 (RFC 4632, RFC 5952 for the spelling). */
export const cidrFunctions = [
  templateFunction('parseCidr', 1, parseCidr),
  templateFunction('cidrSubnet', 3, cidrSubnet),
  templateFunction('cidrHost', 2, cidrHost),
];

interface Range {
  readonly bits: 32 | 128;
  readonly prefix: number;
  /** The first address. */
  readonly network: bigint;
}

function parseCidr(operands: Operands): JsonValue {
  const range = rangeOf(operands);
  const last = range.network + size(range) - 1n;
  const wide = range.bits === 32 && range.prefix < 31;
  return {
    network: written(range.network, range.bits),
    netmask: written(mask(range.bits, range.prefix), range.bits),
    ...(range.bits === 32 ? { broadcast: written(last, range.bits) } : {}),
    firstUsable: written(range.network + (wide ? 1n : 0n), range.bits),
    lastUsable: written(last - (wide ? 1n : 0n), range.bits),
    cidr: range.prefix,
  };
}

function cidrSubnet(operands: Operands): string {
  const range = rangeOf(operands);
  const [prefix, index] = [operands.int(1), operands.int(2)];
  if (prefix < range.prefix || prefix > range.bits) {
    operands.fail(`expects a CIDR value from '${range.prefix}' to '${range.bits}' in its parameter '2'`);
  }
  if (index < 0 || BigInt(index) >= 1n << BigInt(prefix - range.prefix)) {
    operands.fail(`expects the index of a subnet: '${index}' is out of range`);
  }
  const network = range.network + (BigInt(index) << BigInt(range.bits - prefix));
  return `${written(network, range.bits)}/${prefix}`;
}

/** Hosts count from the first usable address. */
function cidrHost(operands: Operands): string {
  const range = rangeOf(operands);
  const index = operands.int(1);
  const wide = range.bits === 32 && range.prefix < 31;
  const skipped = wide || (range.bits === 128 && range.prefix < 127) ? 1n : 0n;
  const hosts = size(range) - skipped - (wide ? 1n : 0n);
  if (index < 0 || BigInt(index) >= hosts)
    operands.fail(`expects the index of a host: '${index}' is out of range`);
  return written(range.network + skipped + BigInt(index), range.bits);
}

function size(range: Range): bigint {
  return 1n << BigInt(range.bits - range.prefix);
}

function mask(bits: number, prefix: number): bigint {
  return ((1n << BigInt(prefix)) - 1n) << BigInt(bits - prefix);
}

function rangeOf(operands: Operands): Range {
  const match = /^([0-9A-Fa-f:.]{2,45})\/(\d{1,3})$/.exec(operands.string(0));
  const address = match?.[1] ?? '';
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined;
  const prefix = Number(match?.[2]);
  if (bits === undefined || prefix > bits) return operands.fail('expects an address range in CIDR notation');
  return { bits, prefix, network: read(address, bits) & mask(bits, prefix) };
}

function read(address: string, bits: 32 | 128): bigint {
  if (bits === 32) return address.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
  const hexadecimal = address.replace(/[0-9.]+$/, (tail) => {
    if (!tail.includes('.')) return tail;
    const value = read(tail, 32);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = '', rest] = hexadecimal.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(rest ?? '').length;
  const all = [
    ...groups(head),
    ...Array.from({ length: rest === undefined ? 0 : missing }, () => '0'),
    ...groups(rest ?? ''),
  ];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function written(value: bigint, bits: 32 | 128): string {
  const width = bits === 32 ? 8n : 16n;
  const groups = Array.from({ length: bits === 32 ? 4 : 8 }, (_, at) => {
    const shift = BigInt(bits) - width * BigInt(at + 1);
    return ((value >> shift) & ((1n << width) - 1n)).toString(bits === 32 ? 10 : 16);
  });
  return bits === 32 ? groups.join('.') : new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
