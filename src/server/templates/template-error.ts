import { DomainError } from '../../foundation/domain-error.ts';

/** Where something stands in a text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type TemplateErrorCode =
  | 'InvalidRequestContent' // text that is no JSON
  | 'InvalidTemplate'
  | 'InvalidTemplateDeployment'
  | 'DeploymentOutputEvaluationFailed';

/** The `additionalInfo` of an error's body, in Azure's shape. */
export interface TemplateViolation {
  readonly type: 'TemplateViolation';
  readonly info: { readonly lineNumber: number; readonly linePosition: number; readonly path: string };
}

export interface TemplateErrorDetail {
  readonly code?: TemplateErrorCode;
  readonly additionalInfo?: readonly TemplateViolation[];
  readonly place?: Place;
}

/**
 * A broken rule of the language. The only thing that this folder throws on purpose, whatever the input. Messages have
 * names and types in them and no values that a parameter could have given in secret, except what `fail()` is told.
 */
export class TemplateError extends DomainError {
  readonly additionalInfo: readonly TemplateViolation[];
  readonly place: Place | undefined;

  constructor(message: string, detail: TemplateErrorDetail = {}) {
    super('invalid-value', message, { code: detail.code ?? 'InvalidTemplate' });
    this.additionalInfo = detail.additionalInfo ?? [];
    this.place = detail.place;
  }
}

/** A rule of the document that is broken, as the front door words it. */
export function validationFailed(reason: string, detail: TemplateErrorDetail = {}): TemplateError {
  return new TemplateError(`Deployment template validation failed: '${sentence(reason)}'.`, detail);
}

/** A document that cannot be read as a template at all. */
export function parseFailed(reason: string, detail: TemplateErrorDetail = {}): TemplateError {
  return new TemplateError(`Deployment template parse failed: '${sentence(reason)}'.`, detail);
}

function sentence(reason: string): string {
  return reason.endsWith('.') ? reason : `${reason}.`;
}
