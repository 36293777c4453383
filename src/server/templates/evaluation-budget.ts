import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { isArray } from './json-value.ts';
import { TemplateError } from './template-error.ts';

/**
 * What the evaluation of one deployment may cost. A template is written by whoever may deploy; without a bound a few
 * nested `range` and `concat` would take the process down.
 */
export interface EvaluationBudget {
  /** @throws TemplateError once more than the allowed number of steps were taken */
  step(): void;
  /** Accounts for what a function made. @throws TemplateError past the limit, or where the value alone is too large */
  produce(value: JsonValue): void;
  /** Accounts for members of a value that are gone through and made anew. @throws TemplateError past the limit */
  visit(members: number): void;
  /** Accounts for what a function had to read. @throws TemplateError past the limit */
  read(value: JsonValue): void;
  /** A promise now and then: an evaluation lets other work of the process pass. */
  rest(): Promise<void> | undefined;
}

export interface BudgetLimits {
  readonly steps: number;
  /** Characters of text, and members of arrays and objects, that functions may make in all. */
  readonly produced: number;
  /** The same of what functions read. */
  readonly read: number;
  /** The same of one value, with everything inside it. */
  readonly weight: number;
  readonly depth: number;
}

const ordinary: BudgetLimits = {
  steps: 1_000_000,
  produced: 16 * 1024 * 1024,
  read: 128 * 1024 * 1024,
  weight: 4 * 1024 * 1024,
  depth: 128,
};

const stepsBetweenRests = 4_000;

export function evaluationBudget(given: Partial<BudgetLimits> = {}): EvaluationBudget {
  const limits = { ...ordinary, ...given };
  let [steps, produced, read] = [0, 0, 0];
  const make = (size: number) => {
    produced += size;
    if (produced > limits.produced) throw exceeded(`values of size '${limits.produced}' in all`);
  };
  return {
    step() {
      steps += 1;
      if (steps > limits.steps) throw exceeded(`'${limits.steps}' steps`);
    },
    produce(value) {
      const { weight, depth } = measure(value);
      if (weight > limits.weight) throw exceeded(`a value of size '${limits.weight}'`);
      if (depth > limits.depth) throw exceeded(`values nested '${limits.depth}' levels deep`);
      make(ownSize(value));
    },
    visit: (members) => make(members),
    read(value) {
      read += measure(value).weight;
      if (read > limits.read) throw exceeded(`reading values of size '${limits.read}' in all`);
    },
    rest() {
      if (steps % stepsBetweenRests !== 0) return undefined;
      return new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
  };
}

function exceeded(limit: string): TemplateError {
  return new TemplateError(`The template language expressions exceed what an evaluation may take: ${limit}.`);
}

interface Measure {
  readonly weight: number;
  readonly depth: number;
}

const single: Measure = { weight: 1, depth: 0 };

/**
 * Values never change, so that each is measured once. A value that holds another several times counts it as often:
 * written out it has that size.
 */
const measures = new WeakMap<object, Measure>();

function measure(value: JsonValue): Measure {
  if (typeof value === 'string') return { weight: value.length + 1, depth: 0 };
  if (typeof value !== 'object' || value === null) return single;
  const known = measures.get(value);
  if (known !== undefined) return known;
  let weight = 1;
  let depth = 0;
  const add = (member: JsonValue) => {
    const inside = measure(member);
    weight += inside.weight;
    depth = Math.max(depth, inside.depth);
  };
  if (isArray(value)) {
    for (const element of value) add(element);
  } else {
    for (const name of Object.keys(value)) {
      weight += name.length;
      add((value as JsonObject)[name] as JsonValue);
    }
  }
  const measured = { weight, depth: depth + 1 };
  measures.set(value, measured);
  return measured;
}

function ownSize(value: JsonValue): number {
  if (typeof value === 'string' || isArray(value)) return value.length + 1;
  return typeof value === 'object' && value !== null ? Object.keys(value).length + 1 : 1;
}
