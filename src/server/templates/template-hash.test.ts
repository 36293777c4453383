import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { calculateTemplateHash } from './template-hash.ts';

describe('the hash of a template', () => {
  /** The example of the interface's definition (`CalculateTemplateHash`, 2021-04-01). */
  const template = {
    $schema: 'http://schemas.management.azure.com/deploymentTemplate?api-version=2014-04-01-preview',
    contentVersion: '1.0.0.0',
    parameters: { string: { type: 'string' } },
    variables: {
      string: 'string',
      int: 42,
      bool: true,
      array: [1, 2, 3, 4],
      object: { object: { vmSize: 'Large', location: 'West US' } },
    },
    resources: [],
    outputs: { string: { type: 'string', value: 'myvalue' } },
  };

  test('is that of the example', () => {
    const { minifiedTemplate, templateHash } = calculateTemplateHash(template);
    assert.equal(templateHash, '695440707931307747');
    assert.match(minifiedTemplate, /^\{"\$SCHEMA":"HTTP:.*"BOOL":TRUE,"ARRAY":\[1,2,3,4\]/);
  });

  test('does not depend on the stamp of a compiler, and on everything else', () => {
    const { templateHash } = calculateTemplateHash(template);
    const stamped = { ...template, metadata: { _generator: { name: 'bicep', templateHash: '1' } } };
    assert.equal(calculateTemplateHash(stamped).templateHash, templateHash);
    assert.notEqual(
      calculateTemplateHash({ ...template, metadata: { author: 'a' } }).templateHash,
      templateHash,
    );
    assert.notEqual(calculateTemplateHash({ ...template, outputs: {} }).templateHash, templateHash);
  });
});
