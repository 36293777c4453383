import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nameGuid, uniqueText } from './hashes.ts';

describe('hashes of the template language', () => {
  const group = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg';
  const vectors: readonly [readonly string[], string][] = [
    [['test'], 'rbgf3xv4ufgzg'],
    [['hello', 'world'], 'a7wkljktk6wne'],
    [['abc'], 'cgtzqvhu4i23s'],
    [['foo', 'bar', 'baz'], 'xzi4ioaxtmth4'],
    [['fu'], '6rkxbspxjmsho'],
    [['fubar'], 'cj2xpqsiwjfne'],
    [['fu', 'bar'], 'q5wxoscxs5j6k'],
    [[group], 'bmg7c6xu4tw46'],
    [['/subscriptions/00000000-0000-0000-0000-000000000000', 'resource-id'], 'cwvxuqg24sifi'],
    [
      [
        '/subscriptions/12345678-1234-1234-1234-123456789012/resourceGroups/my-rg',
        'Microsoft.Storage/storageAccounts',
      ],
      'z22rah77jfqry',
    ],
  ];
  test('uniqueString gives what Azure gives', async (t) => {
    for (const [texts, expected] of vectors) {
      await t.test(texts.join(', '), () => assert.equal(uniqueText(texts), expected));
    }
  });

  test('uniqueString tells case apart and is never longer than 13 characters', () => {
    assert.notEqual(uniqueText([group]), uniqueText([group.toLowerCase()]));
    assert.match(uniqueText(['']), /^[a-z2-7]{13}$/);
  });

  test('guid is the name-based UUID of its texts in the namespace of the language', () => {
    assert.equal(nameGuid(['a', 'b', 'c']), 'a98fa280-e03f-5afa-8d8e-92d0a9c201e8');
    assert.notEqual(nameGuid(['A', 'b', 'c']), nameGuid(['a', 'b', 'c']));
  });
});
