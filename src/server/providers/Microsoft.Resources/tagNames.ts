import { z } from 'zod';
import { tagNameSchema } from '../../../contract/arm.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageRequest } from '../../http/paging.ts';
import { readBody } from '../../resource-manager/body.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';
import {
  countTagNames,
  deleteTagName,
  deleteTagValue,
  findTagName,
  insertTagName,
  insertTagValue,
  listTagNames,
  type TagName,
  type TagOwner,
  type TagValue,
} from './tag-name-store.ts';

const path = '/subscriptions/{subscriptionId}/tagNames';
const value = `${path}/{tagName}/tagValues/{tagValue}`;
const action = 'Microsoft.Resources/subscriptions/tagNames';

/** Names that a subscription offers, and values that it offers for one of them, at most. */
const maxOffered = 1000;

/** A PUT here says all by its path; a body is not looked at. */
const anyBody = z.unknown();

/** Names and values of tags in a subscription: those in use, and those offered beforehand (a.12). */
export function tagNames(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'subscriptions/tagNames',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      { method: 'GET', path, action: `${action}/read`, run: (context) => list(database, context) },
      {
        method: 'PUT',
        path: `${path}/{tagName}`,
        action: `${action}/write`,
        body: anyBody,
        run: (context) => offerName(database, context),
      },
      {
        method: 'DELETE',
        path: `${path}/{tagName}`,
        action: `${action}/delete`,
        run: (context) => withdrawName(database, context),
      },
      {
        method: 'PUT',
        path: value,
        action: `${action}/tagValues/write`,
        body: anyBody,
        run: (context) => offerValue(database, context),
      },
      {
        method: 'DELETE',
        path: value,
        action: `${action}/tagValues/delete`,
        run: (context) => withdrawValue(database, context),
      },
    ],
  };
}

async function list(database: Database, context: OperationContext): Promise<Answer> {
  const owner = subscriptionOfContext(context);
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const page = await listTagNames(database.read, owner, request);
  return listAnswer(
    context,
    page,
    page.items.map((name) => present(owner, name)),
  );
}

async function offerName(database: Database, context: OperationContext): Promise<Answer> {
  const owner = subscriptionOfContext(context);
  const name = readBody(tagNameSchema, parameter(context, 'tagName'));
  return await database.transaction(async (transaction) => {
    const existing = await findTagName(transaction, owner, name);
    if ((await countTagNames(transaction, owner)) >= maxOffered) throw tooMany('names');
    await insertTagName(transaction, owner, name);
    const empty = { name, canonical: name.toLowerCase(), count: 0, values: [] };
    return { status: existing === undefined ? 201 : 200, body: present(owner, existing ?? empty) };
  });
}

async function withdrawName(database: Database, context: OperationContext): Promise<Answer> {
  const owner = subscriptionOfContext(context);
  return await database.transaction(async (transaction) => {
    const existing = await findTagName(transaction, owner, parameter(context, 'tagName'));
    if (existing === undefined) return { status: 204 };
    if (existing.values.length > 0) throw inUse(`The tag name '${existing.name}' has values`);
    await deleteTagName(transaction, owner, existing.canonical);
    return { status: 200 };
  });
}

async function offerValue(database: Database, context: OperationContext): Promise<Answer> {
  const owner = subscriptionOfContext(context);
  const sent = parameter(context, 'tagValue');
  if (sent.length > 256) throw tooMany('characters in a value');
  return await database.transaction(async (transaction) => {
    const name = await requireName(transaction, owner, context);
    const known = name.values.find((each) => each.value === sent);
    if (known === undefined && name.values.length >= maxOffered) throw tooMany('values');
    await insertTagName(transaction, owner, name.name);
    await insertTagValue(transaction, owner, name.canonical, sent);
    return {
      status: known === undefined ? 201 : 200,
      body: presentValue(owner, name, known ?? { value: sent, count: 0 }),
    };
  });
}

async function withdrawValue(database: Database, context: OperationContext): Promise<Answer> {
  const owner = subscriptionOfContext(context);
  const sent = parameter(context, 'tagValue');
  return await database.transaction(async (transaction) => {
    const name = await findTagName(transaction, owner, parameter(context, 'tagName'));
    const known = name?.values.find((each) => each.value === sent);
    if (name === undefined || known === undefined) return { status: 204 };
    if (known.count > 0) throw inUse(`The tag value '${sent}' of '${name.name}' is carried by resources`);
    await deleteTagValue(transaction, owner, name.canonical, sent);
    return { status: 200 };
  });
}

async function requireName(
  queries: Parameters<typeof findTagName>[0],
  owner: TagOwner,
  context: OperationContext,
): Promise<TagName> {
  const name = await findTagName(queries, owner, parameter(context, 'tagName'));
  if (name !== undefined) return name;
  throw new ArmError(
    'not-found',
    'TagNameNotFound',
    `The tag name '${parameter(context, 'tagName')}' could not be found.`,
  );
}

function present(owner: TagOwner, name: TagName): object {
  return {
    id: nameId(owner, name),
    tagName: name.name,
    count: { type: 'Total', value: name.count },
    values: name.values.map((each) => presentValue(owner, name, each)),
  };
}

function presentValue(owner: TagOwner, name: TagName, { value, count }: TagValue): object {
  return {
    id: `${nameId(owner, name)}/tagValues/${value}`,
    tagValue: value,
    count: { type: 'Total', value: count },
  };
}

function nameId({ subscriptionId }: TagOwner, { name }: TagName): string {
  return `/subscriptions/${subscriptionId}/tagNames/${name}`;
}

function tooMany(what: string): ArmError {
  return new ArmError('invalid-value', 'InvalidTagRequest', `There are too many ${what}.`);
}

function inUse(reason: string): ArmError {
  return new ArmError('conflict', 'TagInUse', `${reason}, so that it cannot be deleted.`);
}
