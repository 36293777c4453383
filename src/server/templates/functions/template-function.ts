import { isJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import type { DeploymentFacts } from '../evaluation-scope.ts';
import { isArray, typeName } from '../json-value.ts';
import { TemplateError } from '../template-error.ts';

/** What functions that need more than their operands may ask. */
export interface FunctionContext {
  readonly facts: DeploymentFacts;
  readonly newGuid: (() => string) | undefined;
  readonly utcNow: (() => number) | undefined;
}

/** A function whose operands are evaluated before it. */
export interface TemplateFunction {
  readonly name: string;
  readonly operands: { readonly least: number; readonly most: number };
  evaluate(operands: Operands, context: FunctionContext): JsonValue;
}

/** Declares a function. `count` is the exact number of operands, or the least and the most. */
export function templateFunction(
  name: string,
  count: number | readonly [least: number, most: number],
  evaluate: (operands: Operands, context: FunctionContext) => JsonValue,
): TemplateFunction {
  const [least, most] = typeof count === 'number' ? [count, count] : count;
  return { name, operands: { least, most }, evaluate };
}

/** For functions that take as many as there are. */
export const any = 1_000;

/** A rule of a function that is broken, with the page that Azure points to. */
export function functionFailed(name: string, reason: string): TemplateError {
  return new TemplateError(
    `The template language function '${name}' ${reason}. Please see https://aka.ms/arm-functions#${name.toLowerCase()} for usage details.`,
  );
}

/** The operands of a call, read as the type that the function wants. */
export class Operands {
  readonly #name: string;
  readonly values: readonly JsonValue[];

  constructor(name: string, values: readonly JsonValue[]) {
    this.#name = name;
    this.values = values;
  }

  get count(): number {
    return this.values.length;
  }

  has(at: number): boolean {
    return at < this.values.length;
  }

  value(at: number): JsonValue {
    return this.values[at] as JsonValue;
  }

  string(at: number): string {
    const value = this.value(at);
    return typeof value === 'string' ? value : this.#expects(at, 'String');
  }

  /** Text, or a number that stands for it. */
  text(at: number): string {
    const value = this.value(at);
    return typeof value === 'number' ? String(value) : this.string(at);
  }

  int(at: number): number {
    const value = this.value(at);
    return typeof value === 'number' && Number.isInteger(value) ? value : this.#expects(at, 'Integer');
  }

  number(at: number): number {
    const value = this.value(at);
    return typeof value === 'number' ? value : this.#expects(at, 'Integer');
  }

  bool(at: number): boolean {
    const value = this.value(at);
    return typeof value === 'boolean' ? value : this.#expects(at, 'Boolean');
  }

  array(at: number): readonly JsonValue[] {
    const value = this.value(at);
    return isArray(value) ? value : this.#expects(at, 'Array');
  }

  object(at: number): JsonObject {
    const value = this.value(at);
    return isJsonObject(value) ? value : this.#expects(at, 'Object');
  }

  strings(from = 0): string[] {
    return this.values.slice(from).map((_, index) => this.string(from + index));
  }

  fail(reason: string): never {
    throw functionFailed(this.#name, reason);
  }

  /** Names what was expected of an operand. The value itself is not shown: it may be a secret. */
  expects(at: number, expected: string): never {
    return this.#expects(at, expected);
  }

  #expects(at: number, expected: string): never {
    return this.fail(
      `expects its parameter '${at + 1}' to be of type '${expected}'. The provided value is of type '${typeName(this.value(at))}'`,
    );
  }
}
