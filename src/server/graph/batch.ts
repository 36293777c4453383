import type { BatchedRequest, BatchedResponse } from '../../contract/graph-batch.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { PresentedAnswer } from './answer.ts';

const failedDependency: PresentedAnswer = {
  status: 424,
  headers: { 'content-type': 'application/json' },
  body: {
    error: {
      code: 'FailedDependency',
      message: 'A request that this one depends on did not succeed.',
    },
  },
};

/** Characters of answers: requests that have not begun when they are reached are not begun. */
const maxAnswers = 8 * 1024 * 1024;
const tooMuch: PresentedAnswer = {
  status: 413,
  headers: { 'content-type': 'application/json' },
  body: {
    error: { code: 'Request_BadRequest', message: 'The answers before this one have filled the batch.' },
  },
};

/**
 * Answers requests one after the other, each when those that it depends on have succeeded. Nothing joins them: what one
 * did stays done where another fails.
 *
 * @param answer how one is answered; it never throws
 * @throws DomainError `malformed` for ids that are given twice, and dependencies that lead nowhere or in a circle
 */
export async function answerBatch(
  requests: readonly BatchedRequest[],
  answer: (request: BatchedRequest) => Promise<PresentedAnswer>,
): Promise<readonly BatchedResponse[]> {
  const done = new Map<string, PresentedAnswer>();
  let filled = 0;
  for (const request of inOrder(requests)) {
    const met = (request.dependsOn ?? []).every((id) => (done.get(id)?.status ?? 500) < 400);
    const answered = met ? (filled > maxAnswers ? tooMuch : await answer(request)) : failedDependency;
    filled += JSON.stringify(answered.body ?? '').length;
    done.set(request.id, answered);
  }
  return [...done].map(([id, { status, headers, body }]) => ({
    id,
    status,
    headers: spelled(headers),
    // what is no JSON comes as base64
    ...(body === undefined ? {} : { body: typeof body === 'string' ? base64(body) : body }),
  }));
}

/** Names of headers as HTTP/1.1 spells them: in a batch, clients look for these. */
function spelled(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replaceAll(/(^|-)([a-z])/g, (_, dash, letter) => `${dash}${letter.toUpperCase()}`),
      value,
    ]),
  );
}

/** The requests with each behind those that it depends on, else in the order given. */
function inOrder(requests: readonly BatchedRequest[]): readonly BatchedRequest[] {
  const ids = new Set(requests.map(({ id }) => id));
  if (ids.size !== requests.length) throw new DomainError('malformed', 'Request ids have to be unique.');
  const ordered: BatchedRequest[] = [];
  const placed = new Set<string>();
  let left = requests;
  while (left.length > 0) {
    const ready = left.filter(({ dependsOn }) => (dependsOn ?? []).every((id) => placed.has(id)));
    if (ready.length === 0) {
      throw new DomainError('malformed', 'Requests depend on each other, or on one that is not there.');
    }
    for (const request of ready) placed.add(request.id);
    ordered.push(...ready);
    left = left.filter(({ id }) => !placed.has(id));
  }
  return ordered;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
