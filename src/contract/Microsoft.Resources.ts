import { z } from 'zod';
import { tagsSchema } from './arm.ts';

/** `PUT /subscriptions/{S}/resourceGroups/{RG}` (a.11). */
export const resourceGroupSchema = z.object({
  location: z.string().max(128).nullish(),
  tags: tagsSchema.nullish(),
  managedBy: z.string().max(2048).nullish(),
});

/** `PATCH`: tags replace the whole bag. */
export const resourceGroupPatchSchema = z.object({
  tags: tagsSchema.nullish(),
  managedBy: z.string().max(2048).nullish(),
});

/** `PUT {scope}/providers/Microsoft.Resources/tags/default` (a.12). */
export const tagsResourceSchema = z.object({ properties: z.object({ tags: tagsSchema.nullish() }) });

/** `PATCH` of the same: what to do with which tags; the names of operations compare without case. */
export const tagsPatchSchema = z.object({
  operation: z
    .string()
    .max(16)
    .transform((word) => word.toLowerCase())
    .pipe(z.enum(['merge', 'replace', 'delete'])),
  properties: z.object({ tags: tagsSchema.nullish() }).nullish(),
});

/** `POST /providers/Microsoft.Resources/checkResourceName` */
export const checkResourceNameSchema = z.object({
  name: z.string().min(1).max(260),
  type: z.string().min(1).max(512),
});

/** `POST …/resourceGroups/{RG}/exportTemplate` (a.11). */
export const exportTemplateSchema = z.object({
  resources: z.array(z.string().max(2048)).max(800).nullish(),
  options: z.string().max(512).nullish(),
  outputFormat: z.string().max(16).nullish(),
});

/** `POST …/moveResources` and `…/validateMoveResources` (a.12). */
export const moveResourcesSchema = z.object({
  resources: z.array(z.string().max(2048)).min(1).max(800),
  targetResourceGroup: z.string().max(2048),
});

export interface ResourceGroupBody {
  readonly id: string;
  readonly name: string;
  readonly type: 'Microsoft.Resources/resourceGroups';
  readonly location: string;
  readonly managedBy?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties: { readonly provisioningState: string };
}

/** 1-90 of letters, digits, `-_().`, not ending in a dot. */
export const resourceGroupNamePattern = /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$/;
