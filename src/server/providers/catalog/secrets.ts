import { isJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';

/*
 * What is kept of bodies whose schema nobody here knows: everything but what could be a secret. A type shows its
 * secrets by their names, by what stands beside them, or by their look; each of the three is enough. What is taken for
 * a secret and is none is missing from answers, which a client survives; the other way round it would be shown to every
 * reader.
 */

/**
 * A copy of a resource's members without what could be a secret, at any depth.
 *
 * @param type without its namespace: of one that is itself a secret or a bag of settings, less is kept
 */
export function withoutSecrets(members: JsonObject, type = ''): JsonObject {
  const { properties, ...rest } = cleaned(members, 'open') as Record<string, JsonValue>;
  if (properties === undefined || !isJsonObject(properties))
    return { ...rest, ...(properties === undefined ? {} : { properties }) };
  if (settingsTypes.test(type)) return { ...rest, properties: {} };
  if (!secretTypes.test(type)) return { ...rest, properties };
  const kept = Object.entries(properties).filter(([name]) => !contents.has(wordOf(name)));
  return { ...rest, properties: Object.fromEntries(kept) };
}

/** Types whose properties are names and values of the user's own choice. */
const settingsTypes = /(?:^|\/)(?:config|appsettings|connectionstrings)$/i;
/** Types of which each resource is a secret: what it holds is not kept, what is said about it is. */
const secretTypes = /(?:secret|password|credential|token|certificate|(?<!public)key)s?(?:\/values)?$/i;
const contents: ReadonlySet<string> = new Set([
  ...['value', 'values', 'content', 'data', 'text', 'key', 'base64value', 'blob'],
]);

/** Whether what stands inside is known by its name to be secret, unless it is itself a mere reference. */
type Surroundings = 'open' | 'secret';

function cleaned(value: JsonValue, surroundings: Surroundings): JsonValue | undefined {
  if (Array.isArray(value)) {
    return value
      .map((item: JsonValue) =>
        isBare(item) && surroundings === 'secret' ? undefined : cleaned(item, surroundings),
      )
      .filter((item) => item !== undefined);
  }
  if (typeof value === 'string') return looksSecret(value) ? undefined : value;
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => ({ name, word: wordOf(name), member }));
  const besides = siblingsOfSecrets(members);
  const hasValue = members.some(({ word }) => word === 'value');
  const kept: [string, JsonValue][] = [];
  for (const { name, word, member } of members) {
    if (besides.has(word) || alwaysSecret.has(word)) continue;
    const item = cleanedMember(word, member, surroundings, hasValue);
    if (item !== undefined) kept.push([name, item]);
  }
  return Object.fromEntries(kept);
}

/** A member of an object, with what its name says (`wordOf`). */
interface Member {
  readonly name: string;
  readonly word: string;
  readonly member: JsonValue;
}

function cleanedMember(
  word: string,
  value: JsonValue,
  surroundings: Surroundings,
  hasValue: boolean,
): JsonValue | undefined {
  const isSecret = namesSecret(word);
  if (isBare(value)) {
    if (surroundings === 'secret' && !references.has(word)) return undefined;
    if (isSecret || namesKey(word, value, hasValue)) return undefined;
    return cleaned(value, surroundings);
  }
  if (Array.isArray(value) && namesKey(word, '', hasValue)) {
    return cleaned(
      value.filter((item) => !isBare(item)),
      surroundings,
    );
  }
  return cleaned(value, isSecret ? 'secret' : surroundings);
}

/** Members that are secret with all that is in them, and such as are secret without being named so. */
const alwaysSecret: ReadonlySet<string> = new Set([
  ...['appsettings', 'connectionstrings', 'parametervalues', 'privatesettings'],
  ...['protectedparameters', 'protectedsettings', 'secureobject', 'secureparameters', 'secretvalues'],
  ...['authorization', 'cookie', 'customdata', 'encryptedcredential', 'pfx', 'pfxblob', 'pfxdata', 'pin'],
  ...[
    'keyvalue',
    'kubeconfig',
    'kubeconfigs',
    'psk',
    'securestring',
    'securevalue',
    'unattendcontent',
    'userdata',
  ],
]);

/** What a reference to a secret is made of; it may stand where the secret itself may not. */
const references: ReadonlySet<string> = new Set([
  ...['id', 'identity', 'kind', 'name', 'type', 'version', 'uri', 'url', 'reference', 'ref'],
  ...['certificateurl', 'keyname', 'keyvaultid', 'keyvaulturi', 'keyvaulturl', 'secretid', 'secretname'],
  ...['secreturi', 'secreturl', 'secretversion', 'vaulturi', 'vaulturl'],
]);

const secretWords =
  /password|passwd|passphrase|secret|connectionstring|credential|protectedsetting|(?:token|tokens|pwd|keyvalue)$|sas(?:token|ur[il]|key|definition)$|^sas$/;
/** A word that ends so is about a secret, and none itself. */
const aboutSecrets =
  /(?:algorithm|enabled|expiration|expiry|expirydate|id|ids|identifier|length|name|names|path|policy|provider|ref|reference|store|thumbprint|type|ur[il]|ur[il]s|version)$/;

function namesSecret(word: string): boolean {
  return secretWords.test(word) && !(aboutSecrets.test(word) && !/sasur[il]$/.test(word));
}

/** Keys that are none to a lock. */
const plainKeys =
  /(?:public|partition|sort|row|routing|tag|foreign|distribution|cluster|shard|lookup|column|label|annotation|metadata)keys?$/;

/** A text called a key is one, unless it leads to where the key is, or names the `value` beside it. */
function namesKey(word: string, value: JsonValue, hasValue: boolean): boolean {
  if (!/keys?$/.test(word) || plainKeys.test(word)) return false;
  if (word === 'key' && hasValue) return false;
  return !(typeof value === 'string' && /^(?:https:\/\/|\/subscriptions\/)/i.test(value));
}

/** Members that are secret for what stands beside them: the value of what is marked, or named, as one. */
function siblingsOfSecrets(members: readonly Member[]): ReadonlySet<string> {
  const marked = members.some(({ word, member: value }) => {
    if (/^(?:is)?(?:secret|encrypted|secure|secured|sensitive|hidden)$/.test(word)) return value === true;
    if (typeof value !== 'string') return false;
    if (word === 'type') return /^(?:secure(?:string|object)|secret|password)$/.test(wordOf(value));
    return (word === 'name' || word === 'key') && isNameOfSecret(wordOf(value));
  });
  const hasPassword = members.some(({ word, member }) => word === 'password' && typeof member === 'string');
  return new Set([
    ...(marked ? ['value', 'values', 'defaultvalue', 'content'] : []),
    ...(hasPassword ? ['data', 'certificatedata', 'pfxdata'] : []),
  ]);
}

function isNameOfSecret(word: string): boolean {
  if (alwaysSecret.has(word) || namesSecret(word)) return true;
  return /keys?$/.test(word) && word !== 'key' && !plainKeys.test(word);
}

/** Each starts where nothing of its own can stand before it, so that no text is gone through more than once or twice. */
const looks: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/,
  /(?:key|signature|password|pwd|secret|token)\s*=\s*[^\s;&]/i,
  /[?&]sig=/i,
  /^\s*(?:bearer|basic|sharedaccesssignature|sharedkey)\s+\S/i,
  // begins where a run of its characters does: elsewhere it would cost the square of the run's length
  /(?<![\w-])(?=(?:[\w-]*-)?eyJ)[\w-]{11,}\.[\w-]+\./,
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
];

function looksSecret(text: string): boolean {
  return looks.some((look) => look.test(text));
}

/** A name as the rules compare it: `key1` is called as `key` is. */
function wordOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/(?<=[a-z])\d+$/, '');
}

/** A text or a number; truth values and nothing tell no secret. */
function isBare(value: JsonValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
