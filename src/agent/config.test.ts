import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AgentConfigError, agentConfig } from './config.ts';

const least = ['--agents-url', 'https://agents.example.org', '--server-ca', 'ca.pem'];

describe('the command line of a stand-alone agent', () => {
  test('needs the server and its authority, and limits fetching as Azure does', () => {
    assert.deepEqual(agentConfig(least), {
      agents: { host: 'agents.example.org', port: 443 },
      connect: { host: 'agents.example.org', port: 443 },
      serverCaFile: 'ca.pem',
      joinTokenFile: undefined,
      folder: '.innate-agent',
      listen: { host: '127.0.0.1', port: 0 },
      fetching: { rate: 20, burst: 20, concurrent: 5 },
      everyRequest: false,
    });
  });

  test('has no way to trust a server on first sight, or to speak without TLS', () => {
    assert.throws(() => agentConfig(least.slice(0, 2)), AgentConfigError);
    assert.throws(
      () => agentConfig(['--agents-url', 'http://agents.example.org', '--server-ca', 'x']),
      AgentConfigError,
    );
    assert.throws(() => agentConfig([...least, '--insecure']), AgentConfigError);
  });

  test('takes no secret', () => {
    assert.throws(() => agentConfig([...least, '--join-token', 'x']), AgentConfigError);
  });

  test('names the option that makes no sense', () => {
    assert.throws(() => agentConfig([...least, '--listen', 'nowhere']), /--listen/);
    assert.throws(() => agentConfig([...least, '--rate', '0']), /--rate/);
    assert.throws(() => agentConfig([...least, '--concurrent', 'many']), /--concurrent/);
    assert.throws(() => agentConfig(['--agents-url', 'https://x/y', '--server-ca', 'x']), /--agents-url/);
  });
});
