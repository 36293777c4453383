const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** .NET's standard formats of one letter, in the invariant culture. */
const standard: Readonly<Record<string, string>> = {
  d: 'MM/dd/yyyy',
  D: 'dddd, dd MMMM yyyy',
  f: 'dddd, dd MMMM yyyy HH:mm',
  F: 'dddd, dd MMMM yyyy HH:mm:ss',
  g: 'MM/dd/yyyy HH:mm',
  G: 'MM/dd/yyyy HH:mm:ss',
  m: 'MMMM dd',
  M: 'MMMM dd',
  o: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  O: "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
  r: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  R: "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
  s: "yyyy-MM-dd'T'HH:mm:ss",
  t: 'HH:mm',
  T: 'HH:mm:ss',
  u: "yyyy-MM-dd HH:mm:ss'Z'",
  U: 'dddd, dd MMMM yyyy HH:mm:ss',
  y: 'yyyy MMMM',
  Y: 'yyyy MMMM',
};

/**
 * An instant (milliseconds since the epoch) in UTC under a format string of .NET, standard or custom.
 *
 * @returns `undefined` where the format is none
 */
export function formatInstant(instant: number, format: string): string | undefined {
  if (format.length === 1 && !Object.hasOwn(standard, format)) return undefined;
  const date = new Date(instant);
  const token = /'([^']*)'|"([^"]*)"|\\(.)|%?(d+|f+|F+|g+|h+|H+|K|m+|M+|s+|t+|y+|z+)|([\s\S])/g;
  return (standard[format] ?? format).replace(
    token,
    (_, single?: string, double?: string, escaped?: string, field?: string, other?: string) =>
      field === undefined ? (single ?? double ?? escaped ?? other ?? '') : part(date, field),
  );
}

function part(date: Date, field: string): string {
  const count = field.length;
  const digits = (value: number) => String(value).padStart(Math.min(count, 2), '0');
  switch (field.charAt(0)) {
    case 'd':
      if (count === 3) return (days[date.getUTCDay()] as string).slice(0, 3);
      return count > 3 ? (days[date.getUTCDay()] as string) : digits(date.getUTCDate());
    case 'M':
      if (count === 3) return (months[date.getUTCMonth()] as string).slice(0, 3);
      return count > 3 ? (months[date.getUTCMonth()] as string) : digits(date.getUTCMonth() + 1);
    case 'y':
      return count > 2
        ? String(date.getUTCFullYear()).padStart(Math.min(count, 8), '0')
        : digits(date.getUTCFullYear() % 100);
    case 'H':
      return digits(date.getUTCHours());
    case 'h':
      return digits(date.getUTCHours() % 12 || 12);
    case 'm':
      return digits(date.getUTCMinutes());
    case 's':
      return digits(date.getUTCSeconds());
    case 'f':
      return fraction(date).slice(0, count);
    case 'F':
      return fraction(date).slice(0, count).replace(/0+$/, '');
    case 't':
      return (date.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, Math.min(count, 2));
    case 'g':
      return 'A.D.';
    case 'K':
      return 'Z';
    default:
      return count > 2 ? '+00:00' : count === 2 ? '+00' : '+0';
  }
}

function fraction(date: Date): string {
  return `${String(date.getUTCMilliseconds()).padStart(3, '0')}0000`;
}
