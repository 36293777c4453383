const prefixPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** An IPv4 prefix: its first address and how many there are; `undefined` where the text is none. */
export function readPrefix(text: string): { readonly first: number; readonly count: number } | undefined {
  const match = prefixPattern.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d, length] = match.slice(1).map(Number) as [number, number, number, number, number];
  if (length > 32 || [a, b, c, d].some((part) => part > 255)) return undefined;
  const count = 2 ** (32 - length);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % count), count };
}

/** Azure keeps the first four addresses of a subnet and the last to itself. */
const kept = { before: 4, after: 1 };

/**
 * The address that is given out in a subnet as the n-th, counted from 0. After the last one the first comes again:
 * nothing is routed, so an address need only look like one of its subnet.
 */
export function addressInTurn(prefix: string, turn: number): string | undefined {
  const subnet = readPrefix(prefix);
  if (subnet === undefined) return undefined;
  const usable = subnet.count - kept.before - kept.after;
  if (usable < 1) return undefined;
  const address = subnet.first + kept.before + (turn % usable);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
