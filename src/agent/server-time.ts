import type { Transport } from '../client/https.ts';
import type { Clock } from '../foundation/clock.ts';

/** Differences below this are the network's and the header's resolution. */
const noticeable = 5_000;

/**
 * The server's time, as far as its `Date` headers tell: a host whose clock is wrong by minutes still makes proofs and
 * assertions that hold. Answers come over a connection whose server is known, so their dates can be trusted.
 *
 * @returns the transport, which now notes dates, and a clock that is corrected by them
 */
export function followServerTime(
  transport: Transport,
  clock: Clock,
): { readonly transport: Transport; readonly serverClock: Clock } {
  let offset = 0;
  return {
    transport: {
      async request(request) {
        const answer = await transport.request(request);
        const { date } = answer.headers;
        const told = typeof date === 'string' ? Date.parse(date) : Number.NaN;
        if (!Number.isNaN(told)) {
          const difference = told - clock.now();
          offset = Math.abs(difference) < noticeable ? 0 : difference;
        }
        return answer;
      },
      [Symbol.dispose]: () => transport[Symbol.dispose](),
    },
    serverClock: { now: () => clock.now() + offset, monotonic: () => clock.monotonic() },
  };
}
