import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';

const login = 'https://login.microsoftonline.com';
const asked = `${login}/common/discovery/instance?authorization_endpoint=https://login.id.example.test/common/oauth2/v2.0/authorize`;

describe('an isolated program under names of its own', { skip: noIsolation }, () => {
  let world: DemoWorld;
  before(async () => {
    world = await demoWorld(undefined, ['--profile', 'own', '--domain', 'id.example.test']);
  });
  after(() => world?.[Symbol.asyncDispose]());

  test('is answered about its deployment with no variable set and through the proxy, and sends no credential elsewhere', async () => {
    const plain = `curl -sS --noproxy '*' -w '%{http_code} %{remote_ip}\\n'`;
    const script = `
      curl -sS -o /dev/null -w '%{http_connect} %{http_code}\\n' '${asked}'
      unset $(env | sed -n 's/^\\([A-Za-z_]*\\(proxy\\|PROXY\\|CERT[A-Z_]*\\|BUNDLE\\)\\)=.*/\\1/p')
      ${plain} -o /dev/null '${asked}'
      ${plain} -o /dev/null -d client_secret=x ${login}/common/oauth2/v2.0/token
      getent hosts login.windows.net; echo $?`;
    const { stdout, stderr } = await world.run([
      'run',
      'vm1',
      '--mode',
      'isolated',
      '--',
      'sh',
      '-c',
      script,
    ]);
    assert.equal(stdout, '200 200\n200 127.0.0.2\n421 127.0.0.2\n2\n', stderr);
  });
});
