import { z } from 'zod';

/** Wire shapes of the Shared Signals Framework 1.0 (`spec/token-service-and-directory.md` g.5), RFC 8935 and RFC 8936. */

export const pushMethod = 'urn:ietf:rfc:8935';
export const pollMethod = 'urn:ietf:rfc:8936';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';

export const eventTypes = {
  sessionRevoked: `${caep}session-revoked`,
  tokenClaimsChange: `${caep}token-claims-change`,
  credentialChange: `${caep}credential-change`,
  accountDisabled: `${risc}account-disabled`,
  accountEnabled: `${risc}account-enabled`,
  accountPurged: `${risc}account-purged`,
} as const;
export const verificationEvent = `${ssf}verification`;
export const streamUpdatedEvent = `${ssf}stream-updated`;

export const supportedEvents: readonly string[] = Object.values(eventTypes);

const endpointUrl = z.url({ protocol: /^https$/ }).max(2048);
const delivery = z.discriminatedUnion('method', [
  z.object({
    method: z.literal(pushMethod),
    endpoint_url: endpointUrl,
    authorization_header: z
      .string()
      .min(1)
      .max(4096)
      .regex(/^[\x20-\x7e]+$/)
      .nullish(),
  }),
  z.object({ method: z.literal(pollMethod) }),
]);
const streamId = z.string().min(1).max(64);
const wishes = {
  events_requested: z.array(z.string().min(1).max(255)).max(64).nullish(),
  description: z.string().max(255).nullish(),
};

/** Members that the transmitter decides come back from some receivers; they are read and mean nothing. */
export const streamCreation = z.object({ delivery: delivery.nullish(), ...wishes });
export const streamChange = z.object({ stream_id: streamId, delivery: delivery.nullish(), ...wishes });
export type StreamChange = z.infer<typeof streamChange>;

export const streamStatus = z.object({
  stream_id: streamId,
  status: z.enum(['enabled', 'paused', 'disabled']),
  reason: z.string().max(255).nullish(),
});

/** RFC 9493: the formats that name a principal, a user or the whole tenant. */
export const subjectChange = z.object({
  stream_id: streamId,
  subject: z.union([
    z.object({ format: z.literal('iss_sub'), iss: z.string().max(2048), sub: z.guid() }),
    z.object({ format: z.literal('opaque'), id: z.guid() }),
  ]),
});

export const verificationRequest = z.object({
  stream_id: streamId,
  state: z.string().max(1024).nullish(),
});

/** RFC 8936 §2.2. */
export const pollRequest = z.object({
  maxEvents: z.int().min(0).max(100_000).nullish(),
  returnImmediately: z.boolean().nullish(),
  ack: z.array(z.string().max(64)).max(1000).nullish(),
  setErrs: z
    .record(
      z.string().max(64),
      z.object({ err: z.string().max(255), description: z.string().max(1024).nullish() }),
    )
    .refine((errors) => Object.keys(errors).length <= 1000)
    .nullish(),
});
export type PollRequest = z.infer<typeof pollRequest>;
