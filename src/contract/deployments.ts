import { z } from 'zod';
import { type JsonObject, tagsSchema } from './arm.ts';

/** Bodies of `Microsoft.Resources/deployments` (`spec/resource-manager.md` a.14). Its reader bounds depth and size. */

/** An object that is taken as it is: what a template may contain, its own language says. */
const objectSchema = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'An object is expected',
);

/** 1 to 64 letters, digits, underscores, parentheses, hyphens and periods. */
export const deploymentNamePattern = /^[A-Za-z0-9_.()-]{1,64}$/;

const deploymentProperties = z.object({
  template: objectSchema.nullish(),
  templateLink: objectSchema.nullish(),
  parameters: objectSchema.nullish(),
  parametersLink: objectSchema.nullish(),
  mode: z.string().regex(/^(?:incremental|complete)$/i, 'The mode is Incremental or Complete'),
  debugSetting: objectSchema.nullish(),
  onErrorDeployment: objectSchema.nullish(),
  expressionEvaluationOptions: z.object({ scope: z.string().max(32).nullish() }).nullish(),
  whatIfSettings: z.object({ resultFormat: z.string().max(64).nullish() }).nullish(),
});

export const deploymentSchema = z.object({
  location: z.string().max(128).nullish(),
  tags: tagsSchema.nullish(),
  identity: z.object({ type: z.string().max(64).nullish() }).nullish(),
  properties: deploymentProperties,
});
export type DeploymentBody = z.infer<typeof deploymentSchema>;

/** The template itself. */
export const templateHashSchema = objectSchema;
