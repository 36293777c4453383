import { z } from 'zod';
import { jsonObjectSchema, trackedEnvelope } from './arm.ts';

/** Members of the envelope in their one spelling, by lower-case name. */
const spellings: ReadonlyMap<string, string> = new Map(
  [
    ...['id', 'name', 'type', 'location', 'tags', 'identity', 'properties', 'systemData', 'etag'],
    ...['kind', 'sku', 'plan', 'managedBy', 'zones', 'extendedLocation'],
  ].map((name) => [name.toLowerCase(), name]),
);

const text = z.string().max(256).nullish();

/**
 * A resource whose type's own schema is not known (`spec/resource-manager.md` a.6): the envelope is, and its members
 * compare without case as ARM's do. Whatever else is sent is kept.
 */
export const genericResourceSchema = z
  .record(z.string(), z.json())
  .transform((sent, context) => {
    const members = new Map<string, unknown>();
    for (const [name, value] of Object.entries(sent)) {
      const spelled = spellings.get(name.toLowerCase()) ?? name;
      if (members.has(spelled)) {
        context.addIssue({ code: 'custom', message: `The member '${spelled}' is there twice` });
        return z.NEVER;
      }
      members.set(spelled, value);
    }
    return Object.fromEntries(members);
  })
  .pipe(
    z.looseObject({
      ...trackedEnvelope,
      properties: jsonObjectSchema.nullish(),
      kind: text,
      managedBy: z.string().max(2048).nullish(),
      sku: z.union([jsonObjectSchema, z.string().max(256)]).nullish(),
      plan: jsonObjectSchema.nullish(),
      zones: z.array(z.string().max(64)).max(16).nullish(),
      extendedLocation: jsonObjectSchema.nullish(),
    }),
  );
