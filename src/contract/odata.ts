import { z } from 'zod';

/** Passes over annotations (`@odata.type`, `owners@odata.context`): clients send them back with what they were given. */
export function withoutAnnotations<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
    return Object.fromEntries(
      Object.entries(body).filter(([name]) => !name.includes('@odata.') || name.endsWith('@odata.bind')),
    );
  }, schema);
}

/** A reference to an object: `{"@odata.id": "https://{graph}/v1.0/directoryObjects/{id}"}`. */
export const referenceBody = z.object({ '@odata.id': z.string().max(512) });

const reference =
  /^(?:https:\/\/[a-z0-9.:-]{1,253}\/(?:v1\.0|beta)\/|\/)?(?:directoryObjects|users|groups|servicePrincipals|applications)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/?$/i;

/** The object id that a reference's address ends with, lower case; `undefined` where it is no such address. */
export function referencedId(address: string): string | undefined {
  return reference.exec(address)?.[1]?.toLowerCase();
}
