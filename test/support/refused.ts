import assert from 'node:assert/strict';
import { oauthError } from '../../src/contract/oauth2.ts';
import type { Reply } from './token-service.ts';

/** An answer of the login surface that refuses: its code, its OAuth error, its status, and the whole envelope (e). */
export function refused(reply: Reply, code: number, error: string, status: number): void {
  assert.deepEqual([reply.body['error_codes'], reply.status, reply.body['error']], [[code], status, error]);
  const { trace_id, correlation_id, timestamp, error_description, error_uri } = oauthError.parse(reply.body);
  assert.match(error_description, new RegExp(`^AADSTS${code}: `));
  assert.ok(error_description.endsWith(`Timestamp: ${timestamp}`));
  assert.equal(reply.headers.get('x-ms-request-id'), trace_id);
  assert.notEqual(correlation_id, '');
  assert.match(timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  assert.equal(error_uri, `https://login.microsoftonline.com/error?code=${code}`);
  assert.equal(reply.headers.get('www-authenticate'), null);
}
