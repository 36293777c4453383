import { z } from 'zod';

/**
 * A test environment as a file: what `innate up -f` and `innate apply -f` make sure of. The descriptions are what editors
 * show; `schemas/environment.json` is this schema for them.
 */

/** One segment of an id: what ARM allows in names. */
const name = z
  .string()
  .min(1)
  .max(260)
  .regex(/^[A-Za-z0-9._~()-]+$/, 'a name has letters, digits, and . _ ~ ( ) - alone');
const reference = z.string().min(1).max(2048);
const references = z.union([reference, z.array(reference).min(1).max(1000)]);
const tags = z
  .record(z.string().min(1).max(512), z.string().max(256))
  .describe('Tags, by name. Values are texts: write version: "1".');
const anything = z.record(z.string(), z.unknown());

const place = {
  group: name.optional().describe('The resource group; that of the file unless told.'),
  location: z.string().min(1).max(90).optional().describe('Where it is; where its group is, unless told.'),
  tags: tags.optional(),
  dependsOn: references
    .optional()
    .describe(
      'Resources of the file that must be there first; what a resource names by itself need not be said.',
    ),
};

const carried = references
  .optional()
  .describe('Which identities it carries: system for one of its own, names of user-assigned ones, or none.');
const properties = anything.optional().describe('As its type has them.');

const secretValue = z
  .union([
    z.string().max(25_000),
    z.strictObject({
      valueFrom: z
        .union([
          z.strictObject({
            environment: z.string().min(1).max(256).describe('A variable of the environment.'),
          }),
          z.strictObject({
            file: z
              .string()
              .min(1)
              .max(4096)
              .describe('A file, beside this one; a newline at its end is left out.'),
          }),
        ])
        .describe('Where the value is read when the file is applied.'),
    }),
  ])
  .describe('A value, or where it comes from.');

const federatedCredential = z.strictObject({
  name,
  issuer: z.string().min(1).max(600).describe('Who signs the tokens, letter for letter.'),
  subject: z.string().min(1).max(600).describe('Whom they are about, letter for letter.'),
  audiences: z.array(z.string().min(1).max(600)).min(1).max(1).optional(),
});

const virtualMachine = z.strictObject({
  vm: name.describe('A virtual machine.'),
  identity: carried,
  properties,
  ...place,
});
const webapp = z.strictObject({
  webapp: name.describe('A site (Microsoft.Web/sites).'),
  identity: carried,
  properties,
  ...place,
});
const vault = z.strictObject({
  vault: name.describe('A key vault.'),
  secrets: z
    .record(
      z.string().regex(/^[0-9A-Za-z-]{1,127}$/, 'a secret has letters, digits and - alone'),
      secretValue,
    )
    .optional()
    .describe('Secrets, by name. The operator gets the role that writes them.'),
  properties,
  ...place,
});
const userAssignedIdentity = z.strictObject({
  identity: name.describe('A user-assigned identity.'),
  federatedCredentials: z.array(federatedCredential).max(20).optional().describe('Whose tokens open it.'),
  ...place,
});
const anyResource = z.strictObject({
  type: z
    .string()
    .max(512)
    .regex(/^[A-Za-z0-9.]+(\/[A-Za-z0-9]+)+$/, 'a type is written Namespace/type')
    .describe('A type of resource: Microsoft.Storage/storageAccounts.'),
  name: z
    .string()
    .max(1024)
    .regex(
      /^[A-Za-z0-9._~()-]+(\/[A-Za-z0-9._~()-]+)*$/,
      'a name is written NAME, or PARENT/NAME for a nested type',
    )
    .describe('Its name; PARENT/NAME where the type is nested.'),
  apiVersion: z.string().max(30).optional().describe('The newest that is served, unless told.'),
  identity: carried,
  kind: z.string().max(260).optional(),
  sku: anything.optional(),
  properties,
  ...place,
});
const template = z.strictObject({
  template: z.string().min(1).max(4096).describe('An ARM template (JSON), beside this file.'),
  name: name.optional().describe("What the deployment is called; as the template's file, unless told."),
  parameters: anything.optional().describe('Values of its parameters, by name.'),
  group: place.group,
  dependsOn: place.dependsOn,
});

/** The keys that say what an entry of `resources` is, in the order of the schemas below. */
export const resourceKinds = ['vm', 'webapp', 'vault', 'type', 'template', 'identity'] as const;
export type ResourceKindKey = (typeof resourceKinds)[number];

const roleAssignment = z.strictObject({
  role: reference.describe('A role: its name, GUID or id.'),
  assignee: references.describe(
    'Who gets it: a resource that carries an identity of its own, a user-assigned identity, a user name, a group, an application, an object id.',
  ),
  scope: z
    .union([
      reference,
      z.strictObject({ group: name }),
      z.strictObject({ subscription: z.literal('default') }),
    ])
    .describe('Where: the name of a resource, an id, group: NAME, or subscription: default.'),
  description: z.string().max(1024).optional(),
});

export const environmentFileSchema = z
  .strictObject({
    group: name
      .optional()
      .describe('The resource group of all that names no other; made where it is missing.'),
    location: z
      .string()
      .min(1)
      .max(90)
      .optional()
      .describe('Where groups are that are made; westeurope unless told.'),
    groups: z
      .array(z.strictObject({ name, location: place.location, tags: tags.optional() }))
      .max(1000)
      .optional()
      .describe('Resource groups of which there is more to say than their name.'),
    resources: z
      .array(z.union([virtualMachine, webapp, vault, anyResource, template, userAssignedIdentity]))
      .max(10_000)
      .optional()
      .describe('What there is, in any order.'),
    roleAssignments: z.array(roleAssignment).max(10_000).optional().describe('Who may do what where.'),
  })
  .describe('A test environment: resource groups, resources with identities, secrets and roles.');

export type EnvironmentFile = z.infer<typeof environmentFileSchema>;
export type EnvironmentResource = NonNullable<EnvironmentFile['resources']>[number];
export type EnvironmentRole = NonNullable<EnvironmentFile['roleAssignments']>[number];
export type EnvironmentVault = z.infer<typeof vault>;
export type EnvironmentIdentity = z.infer<typeof userAssignedIdentity>;
export type EnvironmentTemplate = z.infer<typeof template>;
export type EnvironmentSecret = z.infer<typeof secretValue>;

/** The schema as editors read it (JSON Schema, draft 7). */
export function environmentJsonSchema(): object {
  return { title: 'Innate environment', ...z.toJSONSchema(environmentFileSchema, { target: 'draft-7' }) };
}
