import { z } from 'zod';

/** Shapes that every resource provider shares (`spec/resource-manager.md` a.4-a.8). */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

const maxTags = 50;

/** The name of a tag. Those that link a resource for portals (`hidden-link:/subscriptions/…`) have slashes. */
export const tagNameSchema = z
  .string()
  .min(1)
  .max(512)
  .refine(
    (name) => !/[<>%&\\?\p{Cc}]/u.test(name) && (!name.includes('/') || /^hidden-/i.test(name)),
    'a tag name has none of <>%&\\?/ and no control characters',
  );

/** Tag names are unique without regard to case; the caller's spelling is kept. */
export const tagsSchema = z
  .record(tagNameSchema, z.string().max(256))
  .refine((tags) => Object.keys(tags).length <= maxTags, `a resource has at most ${maxTags} tags`)
  .refine(
    (tags) => new Set(Object.keys(tags).map((name) => name.toLowerCase())).size === Object.keys(tags).length,
    'tag names differ by more than case',
  );
export type Tags = z.infer<typeof tagsSchema>;

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value where it is an object, else nothing. */
export function asJsonObject(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** Any JSON object; the reader bounds depth and size before a schema sees it. */
export const jsonObjectSchema = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;

/** The `identity` member of a request, before the type's rules are applied to it. */
export const identitySchema = z.object({
  type: z.string().max(64),
  userAssignedIdentities: z.record(z.string().max(2048), z.json()).nullish(),
  /** What API 2017-12-01 had instead of the map. */
  identityIds: z.array(z.string().max(2048)).max(1000).nullish(),
});
export type IdentityRequest = z.infer<typeof identitySchema>;

/** What a tracked resource's PUT carries beside `properties`. Read-only members of the envelope are ignored. */
export const trackedEnvelope = {
  location: z.string().max(128).nullish(),
  tags: tagsSchema.nullish(),
  identity: identitySchema.nullish(),
};

export interface ArmErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly ArmErrorBody[];
  readonly additionalInfo?: readonly { readonly type: string; readonly info: object }[];
}

/** The envelope of every failure. */
export const armErrorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), target: z.string().optional() }),
});

/** The answer of an operation's `Azure-AsyncOperation` address. */
export const asyncOperationSchema = z.object({
  id: z.string().optional(),
  name: z.string(),
  status: z.enum(['InProgress', 'Succeeded', 'Failed', 'Canceled']),
  startTime: z.string(),
  endTime: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type AsyncOperationBody = z.infer<typeof asyncOperationSchema>;

/** Locations compare without case and spaces (`West US` is `westus`). */
export function canonicalLocation(location: string): string {
  return location.toLowerCase().replaceAll(' ', '');
}
