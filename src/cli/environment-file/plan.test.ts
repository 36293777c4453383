import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { CommandError } from '../command.ts';
import { parseEnvironmentFile } from './parse.ts';
import { planEnvironment } from './plan.ts';

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001';

function planned(texts: string | readonly string[], environment = {}, folder = '/nowhere') {
  const files = [texts].flat().map((text, at) => ({
    ...parseEnvironmentFile(text, `${at}.yaml`),
    source: { folder, environment },
  }));
  return planEnvironment(files, { subscription, tenantId: 't' });
}

const names = (texts: string | readonly string[]) => planned(texts).map(({ name }) => name);

function refused(sentence: RegExp, texts: string | readonly string[], folder?: string) {
  assert.throws(
    () => planned(texts, {}, folder),
    (error) => error instanceof CommandError && sentence.test(error.message),
    String(sentence),
  );
}

describe('a plan of environment files', () => {
  test('has everything behind what it needs, in whatever order the files have it', () => {
    assert.deepEqual(
      names([
        `group: demo
roleAssignments:
  - { role: Reader, assignee: vm1, scope: kv }
resources:
  - type: Microsoft.Web/sites/slots
    name: site/blue
  - type: Microsoft.Web/sites
    name: site
    dependsOn: vm1
  - { vm: vm1, identity: [system, api] }
  - { vault: kv, secrets: { a: x } }`,
        'resources: [{ identity: api, group: demo }]',
      ]),
      [
        'demo',
        'demo/api',
        'demo/vm1',
        'demo/site',
        'demo/site/blue',
        'demo/kv',
        'Key Vault Secrets Officer for the operator on kv',
        'kv/a',
        'Reader for vm1 on kv',
      ],
    );
  });

  test('says where things are wanted twice, need one another, or are in no group', () => {
    refused(
      /^0\.yaml:1:35: demo\/a is wanted twice, at 0\.yaml:1:13 before$/m,
      'resources: [{vm: A, group: demo}, {vm: a, group: demo}]',
    );
    refused(
      /nothing of this can be first: g\/a needs g\/b needs g\/a/,
      'group: g\nresources: [{vm: a, dependsOn: b}, {vm: b, dependsOn: a}]',
    );
    refused(/0\.yaml:2:5: it is in no resource group/, 'resources:\n  - vm: a');
    refused(
      /0\.yaml:2:35: the file has no resource of this name/,
      'group: g\nresources: [{ vm: vm1, dependsOn: vm2 }]',
    );
    refused(/the group G stands twice in groups/, 'groups: [{name: g}, {name: G}]');
    refused(/is named by 2 names with \/ between/, 'group: g\nresources: [{type: A.B/c/d, name: x}]');
    refused(/none stands alone/, 'group: g\nresources: [{vm: a, identity: [none, system]}]');
  });

  test('asks which is meant of several things with one name, unless one is in the same group', () => {
    const two = '{identity: i, group: a}, {identity: i, group: b}';
    refused(
      /several resources are called i: write GROUP\/NAME/,
      `resources: [${two}, {vm: v, group: c, identity: i}]`,
    );
    const plan = planned(
      `resources: [${two}, {vm: v, group: b, identity: i}, {vm: w, group: c, identity: a/i}]`,
    );
    const needs = (name: string) => plan.find((step) => step.name === name)?.needs.join();
    assert.match(needs('b/v') ?? '', /\/resourcegroups\/b\/providers\/.*\/i$/);
    assert.match(needs('c/w') ?? '', /\/resourcegroups\/a\/providers\/.*\/i$/);
  });

  test('takes secrets from the environment and from files, and says which are missing', async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.file('value'), 'from a file\n');
    const file = (from: string) =>
      `group: g\nresources:\n  - vault: v\n    secrets:\n      a: { valueFrom: { ${from} } }`;
    const folderPath = folder.file('.');
    assert.equal(planned(file('environment: X'), { X: 'y' }).at(-1)?.name, 'v/a');
    assert.equal(planned(file('file: value'), {}, folderPath).at(-1)?.name, 'v/a');
    refused(/^0\.yaml:5:7: secrets\.a: the environment has no variable X$/, file('environment: X'));
    refused(/^0\.yaml:5:7: secrets\.a: .*none cannot be read \(ENOENT\)$/, file('file: none'), folderPath);
    writeFileSync(folder.file('large'), 'x'.repeat(30_000));
    refused(/is larger than 25600 octets/, file('file: large'), folderPath);
  });

  test('holds templates, whose JSON is checked before anything is made', async () => {
    await using folder = await temporaryFolder();
    const place = folder.file('.');
    const schema = (kind: string) => `"$schema": "https://schema.management.azure.com/schemas/x/${kind}#"`;
    writeFileSync(
      folder.file('net.json'),
      `{ // a comment\n${schema('deploymentTemplate.json')}, "resources": [], }`,
    );
    writeFileSync(folder.file('sub.json'), `{ ${schema('subscriptionDeploymentTemplate.json')} }`);
    writeFileSync(folder.file('broken.json'), '{\n  "a": [1,\n}');
    const plan = planned(
      'group: g\nresources: [{template: net.json}, {template: sub.json, name: all}]',
      {},
      place,
    );
    assert.deepEqual(
      plan.map(({ key }) => key.replace(subscription, '')),
      [
        '/resourcegroups/g',
        '/resourcegroups/g/providers/microsoft.resources/deployments/net',
        '/providers/microsoft.resources/deployments/all',
      ],
    );
    refused(/^broken\.json:3:1: this is no JSON$/, 'group: g\nresources: [{template: broken.json}]', place);
    refused(/^0\.yaml:1:\d+: it is in no resource group/, 'resources: [{template: net.json}]', place);
    refused(/none\.json cannot be read/, 'group: g\nresources: [{template: none.json}]', place);
  });
});
