import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { readBody } from './body.ts';

const schema = z.object({ identity: z.object({ type: z.string() }).nullish(), rest: z.json().optional() });
const refused = (value: unknown) => {
  try {
    readBody(schema, value);
  } catch (error) {
    return error as Error & { code: string };
  }
  return assert.fail('it was accepted');
};

describe("a request's body", () => {
  test('that lacks a member is told which and where', () => {
    const error = refused({ identity: {} });
    assert.equal(error.code, 'InvalidRequestContent');
    assert.equal(
      error.message,
      "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.",
    );
  });

  test('of another type is told so', () => {
    assert.match(refused({ identity: { type: 3 } }).message, /Path 'identity\.type'/);
    assert.equal(refused('text').code, 'InvalidRequestContent');
    assert.equal(refused([]).code, 'InvalidRequestContent');
  });

  test('must be there where one is declared', () => {
    assert.match(refused(undefined).message, /A request body is required/);
  });

  test('has no text that some database cannot keep', () => {
    for (const text of ['a\0b', '\ud800']) {
      for (const rest of [text, [text], { deep: { [text]: 1 } }]) {
        assert.match(refused({ rest }).message, /characters that no text here has/);
      }
    }
  });

  test('has bounded strings and a bounded number of members', () => {
    assert.match(refused({ rest: 'x'.repeat(70_000) }).message, /longer than/);
    assert.match(refused({ rest: Array.from({ length: 20_000 }, () => 1) }).message, /more than/);
  });
});
