import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import type { UserFunction } from './evaluation-scope.ts';
import type { ValueLoop } from './property-copy.ts';
import type { Place } from './template-error.ts';

/** Where a deployment of the template lands; told by `$schema`. */
export type TemplateScopeKind = 'resourceGroup' | 'subscription' | 'managementGroup' | 'tenant';

/** Types in the spelling of the answers (`SecureString`); templates spell them in any case. */
export type TemplateType = 'String' | 'SecureString' | 'Int' | 'Bool' | 'Array' | 'Object' | 'SecureObject';

/** A type of languageVersion 2.0, and in version 1 a type name with its bounds. `$ref` is followed already. */
export interface TypeSchema {
  readonly type: TemplateType | undefined;
  readonly nullable: boolean;
  /** Deep inside a type: `SecureString` members of an object count as well. */
  readonly secure: boolean;
  readonly allowedValues: readonly JsonValue[] | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minValue: number | undefined;
  readonly maxValue: number | undefined;
  readonly properties: ReadonlyMap<string, TypeSchema> | undefined;
  /** `false`: no others; a type: all others are of it. */
  readonly additionalProperties: TypeSchema | boolean | undefined;
  readonly items: TypeSchema | undefined;
  readonly prefixItems: readonly TypeSchema[] | undefined;
  readonly discriminator:
    | { readonly propertyName: string; readonly mapping: ReadonlyMap<string, TypeSchema> }
    | undefined;
}

export interface ParameterDefinition {
  readonly name: string;
  readonly schema: TypeSchema;
  /** Unevaluated; `undefined` where the parameter has none. */
  readonly defaultValue: JsonValue | undefined;
  readonly metadata: JsonValue | undefined;
  readonly place: Place | undefined;
}

export interface OutputDefinition {
  readonly name: string;
  readonly schema: TypeSchema;
  readonly value: JsonValue | undefined;
  readonly condition: JsonValue | undefined;
  readonly copy: JsonObject | undefined;
}

/** Unevaluated; a variable of the section's `copy` is a loop. */
export type VariableDefinition =
  | { readonly name: string; readonly value: JsonValue }
  | { readonly name: string; readonly loop: ValueLoop };

export interface ResourceDefinition {
  /** languageVersion 2.0 */
  readonly symbol: string | undefined;
  readonly body: JsonObject;
  readonly place: Place | undefined;
}

/** A template whose form has been checked; nothing of it is evaluated. Names keep the template's spelling. */
export interface Template {
  readonly document: JsonObject;
  readonly scope: TemplateScopeKind;
  readonly contentVersion: string;
  readonly languageVersion: '1.0' | '2.0';
  /** By name in lower case, in the template's order. */
  readonly parameters: ReadonlyMap<string, ParameterDefinition>;
  readonly variables: ReadonlyMap<string, VariableDefinition>;
  readonly userFunctions: ReadonlyMap<string, UserFunction>;
  readonly resources: readonly ResourceDefinition[];
  readonly outputs: ReadonlyMap<string, OutputDefinition>;
}

/** A secret in a vault, in the place of a parameter's value. */
export interface KeyVaultReference {
  /** The id of the vault. */
  readonly vaultId: string;
  readonly secretName: string;
  readonly secretVersion: string | undefined;
}

export interface BoundParameter {
  readonly name: string;
  readonly type: TemplateType;
  readonly value: JsonValue;
  /** Never shown, logged, or kept in the clear. */
  readonly secure: boolean;
}

/** By name in lower case, in the template's order. */
export type BoundParameters = ReadonlyMap<string, BoundParameter>;
