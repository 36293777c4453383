import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../contract/arm.ts';
import { withoutSecureValues } from './exported-template.ts';

const secure = { type: 'secureString', defaultValue: 'canary' };

test('an exported template has no secret that its author wrote down, in whatever template within', () => {
  const inner = { Parameters: { q: secure, plain: { type: 'string', defaultValue: 'kept' } }, resources: [] };
  const deployment = (template: JsonObject, parameters: JsonObject): JsonObject => ({
    type: 'Microsoft.Resources/deployments',
    name: 'nested',
    properties: { template, parameters },
  });
  const given = { Q: { value: 'canary' }, plain: { value: 'given' } };
  for (const resources of [
    [deployment(inner, given)],
    { symbolic: deployment({ resources: [deployment(inner, given)] }, {}) },
  ]) {
    const exported = JSON.stringify(withoutSecureValues({ parameters: { p: secure }, resources }));
    assert.doesNotMatch(exported, /canary/);
    assert.match(exported, /kept/);
    assert.match(exported, /given/);
  }
});

test('a secure parameter is known by the type that it refers to, and circles end', () => {
  const exported = withoutSecureValues({
    definitions: {
      secret: { $ref: '#/definitions/deeper' },
      deeper: { type: 'secureObject' },
      circle: { $ref: '#/definitions/circle' },
    },
    parameters: {
      p: { $ref: '#/definitions/secret', defaultValue: { a: 'canary' } },
      c: { $ref: '#/definitions/circle', defaultValue: 'kept' },
    },
  });
  assert.deepEqual(exported['parameters'], {
    p: { $ref: '#/definitions/secret' },
    c: { $ref: '#/definitions/circle', defaultValue: 'kept' },
  });
});
