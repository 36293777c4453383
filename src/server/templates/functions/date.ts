import { formatInstant } from './date-format.ts';
import { type Operands, templateFunction } from './template-function.ts';

const compact = "yyyyMMdd'T'HHmmss'Z'";
const isoSeconds = "yyyy-MM-dd'T'HH:mm:ss'Z'";

/** Functions over instants. Texts without an offset are in UTC. */
export const dateFunctions = [
  templateFunction('utcNow', [0, 1], (operands, { utcNow }) => {
    if (utcNow === undefined) {
      return operands.fail(
        'is not expected at this location: it may only be used in the default value of a parameter',
      );
    }
    return written(operands, utcNow(), operands.has(0) ? operands.string(0) : compact);
  }),
  templateFunction('dateTimeAdd', [2, 3], (operands) => {
    const base = instantOf(operands, operands.string(0));
    const sum = moved(base.instant, durationOf(operands, operands.string(1)));
    return written(operands, sum, operands.has(2) ? operands.string(2) : base.format);
  }),
  templateFunction('dateTimeFromEpoch', 1, (operands) =>
    written(operands, operands.int(0) * 1000, isoSeconds),
  ),
  templateFunction('dateTimeToEpoch', 1, (operands) =>
    Math.floor(instantOf(operands, operands.string(0)).instant / 1000),
  ),
];

/** The years 1 to 9999, as .NET's dates have them. */
const [earliest, latest] = [-62_135_596_800_000, 253_402_300_799_999];

function written(operands: Operands, instant: number, format: string): string {
  if (!(instant >= earliest && instant <= latest)) operands.fail('has a result that is no date');
  const text = format.length <= 256 ? formatInstant(instant, format) : undefined;
  return text ?? operands.fail('expects a valid format of dates');
}

interface ReadInstant {
  readonly instant: number;
  /** The format to answer in where none is asked for: that of the text. */
  readonly format: string;
}

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i;
const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/i;
const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?(?: ([AP]M))?)?$/i;

function instantOf(operands: Operands, text: string): ReadInstant {
  if (text.length > 64) return operands.fail('expects a date and time in ISO 8601');
  const parts = iso.exec(text);
  if (parts !== null) {
    const [, year, month, day, separator, hour, minute, second, fraction, zone] = parts;
    const instant =
      utc(operands, [year, month, day, hour, minute, second]) + Number(`0.${fraction ?? 0}`) * 1000;
    const format =
      separator === ' ' ? 'u' : fraction === undefined ? isoSeconds : "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";
    return { instant: instant - offset(zone), format };
  }
  const short = basic.exec(text);
  if (short !== null) return { instant: utc(operands, short.slice(1)), format: compact };
  const slashed = american.exec(text);
  if (slashed === null) return operands.fail('expects a date and time in ISO 8601');
  const [, month, day, year, hour, minute, second, half] = slashed;
  const hours =
    half === undefined ? hour : String((Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0));
  return {
    instant: utc(operands, [year, month, day, hours, minute, second]),
    format: half === undefined ? 'G' : 'M/d/yyyy h:mm:ss tt',
  };
}

function utc(operands: Operands, parts: readonly (string | undefined)[]): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const holds =
    year > 0 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return holds ? date.getTime() : operands.fail('expects a date and time in ISO 8601');
}

function offset(zone: string | undefined): number {
  const parts = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (parts === null) return 0;
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * 60_000;
}

interface Duration {
  readonly sign: 1 | -1;
  readonly years: number;
  readonly months: number;
  readonly milliseconds: number;
}

const durationPattern =
  /^(-)?P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,8})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,7})?)S)?)?$/;

function durationOf(operands: Operands, text: string): Duration {
  const parts = durationPattern.exec(text.slice(0, 100));
  if (parts === null || /[PT]$/.test(text)) return operands.fail('expects a duration in ISO 8601');
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(2)
    .map((part) => Number(part ?? 0));
  return {
    sign: parts[1] === '-' ? -1 : 1,
    years,
    months,
    milliseconds: ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000,
  };
}

/** Years and months by the calendar: the last day of a month stays one (31 January and a month is 28 February). */
function moved(instant: number, { sign, years, months, milliseconds }: Duration): number {
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + sign * (years * 12 + months));
  const last = new Date(date.getTime());
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  date.setUTCDate(Math.min(day, last.getUTCDate()));
  return date.getTime() + sign * milliseconds;
}
