import { readFileSync } from 'node:fs';

/** What is known of a resource type without a provider of its own. */
export interface TypeFacts {
  readonly namespace: string;
  /** Below the namespace: `storageAccounts/blobServices`. */
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly location: 'none' | 'optional' | 'required';
}

/** `facts.json`, as `write-facts.ts` writes it. */
interface KeptFacts {
  readonly source: string;
  readonly versions: readonly string[];
  readonly sets: readonly (readonly number[])[];
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const locations = ['none', 'optional', 'required'] as const;

/** Every type that Azure's schemas describe, in the order of namespaces and types. */
export function readFacts(): readonly TypeFacts[] {
  const text = readFileSync(new URL('./facts.json', import.meta.url), 'utf8');
  const { versions, sets, namespaces } = JSON.parse(text) as KeptFacts;
  const lists = sets.map((set) => set.map((index) => versions[index] as string));
  return Object.entries(namespaces).flatMap(([namespace, types]) =>
    Object.entries(types).map(([type, number]) => ({
      namespace,
      type,
      apiVersions: lists[Math.floor(number / 3)] as readonly string[],
      location: locations[number % 3] as TypeFacts['location'],
    })),
  );
}
