import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Randomness } from '../../foundation/randomness.ts';
import { formToken } from './browser-form.ts';
import { sendPage } from './page.ts';
import { signInPage } from './pages.ts';

/** A provider elsewhere by which people may sign in as well. */
export interface OfferedProvider {
  /** Part of an address. */
  readonly name: string;
  readonly label: string;
}

/** The page that asks who somebody is. */
export class SignInPrompt {
  readonly #randomness: Randomness;
  readonly #providers: readonly OfferedProvider[];

  constructor(randomness: Randomness, providers: readonly OfferedProvider[]) {
    this.#randomness = randomness;
    this.#providers = providers;
  }

  show(
    request: FastifyRequest,
    reply: FastifyReply,
    page: {
      readonly onward: string;
      /** What the person wants to get to. */
      readonly to: string;
      readonly name: string;
      readonly leadsTo: readonly string[];
      readonly error?: string;
      readonly status?: number;
    },
  ): FastifyReply {
    const onward = encodeURIComponent(page.onward);
    return sendPage(
      reply,
      signInPage({
        ...page,
        token: formToken(request, reply, this.#randomness),
        providers: this.#providers.map(({ name, label }) => ({
          label,
          href: `/sign-in/upstream/${encodeURIComponent(name)}?continue=${onward}`,
        })),
      }),
    );
  }
}
