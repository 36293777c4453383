import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRoute } from './route.ts';
import { indexRoutes } from './route-index.ts';

const templates = [
  '/subscriptions/{subscriptionId}/providers/{namespace}',
  '/subscriptions/{subscriptionId}/providers/{namespace}/register',
  '/subscriptions/{subscriptionId}/providers/A.B/things',
  '/subscriptions/{subscriptionId}/providers/A.B/checkName',
  '/{scope}/providers/A.B/notes',
  '/{scope}/providers/A.B/notes/{name}',
  '/{scope}/providers/A.B/notes/default',
  '/{scope}/providers/A.B/notes/{name}/pages/{page}',
];
const find = indexRoutes(templates.map((template) => ({ route: compileRoute(template) })));
const subscription = '/subscriptions/11111111-1111-4111-8111-111111111111';
const at = (path: string) => find(path.split('/').slice(1));

describe('a path finds', () => {
  for (const [path, template] of [
    [`${subscription}/providers/a.b`, templates[0]],
    [`${subscription}/providers/a.b/REGISTER`, templates[1]],
    [`${subscription}/providers/a.b/Things`, templates[2]],
    [`${subscription}/providers/a.b/checkname`, templates[3]],
    [`${subscription}/providers/c.d/register`, templates[1]],
    [`${subscription}/providers/A.B/notes`, templates[4]],
    ['/providers/A.B/notes/x', templates[5]],
    ['/providers/A.B/notes/DEFAULT', templates[6]],
    [`${subscription}/resourceGroups/g/providers/X.Y/z/providers/providers/A.B/notes/x`, templates[5]],
    [`${subscription}/resourceGroups/providers/providers/A.B/notes/x/pages/1`, templates[7]],
    [`${subscription}/providers/A.B/things/x`, undefined],
    [`${subscription}/providers/A.B/notes/x/pages`, undefined],
    ['/', undefined],
  ] as const) {
    test(`${template ?? 'nothing'} by ${path}`, () => {
      assert.equal(at(path)?.entry.route.template, template);
    });
  }

  test('its parameters, as spelled', () => {
    assert.deepEqual(at(`${subscription}/providers/A.B/notes/X`)?.parameters, {
      name: 'X',
      scope: subscription,
    });
  });
});
