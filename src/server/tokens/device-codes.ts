import type { Selectable } from 'kysely';
import { z } from 'zod';
import { type ClientId, guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DeviceCodesTable } from '../storage/people-tables.ts';
import { digestOf } from './opaque-token.ts';

/** Seconds in which a device code is good (c.5). */
export const deviceCodeLife = 900;
/** Milliseconds for which an ended code is remembered, so that a poll is told that it came too late. */
const rememberedFor = 3_600_000;
const deviceOctets = 32;
/** Without letters and digits that look like others or make words. */
const userCodeAlphabet = 'BCDFGHJKLMNPQRSTVWXZ23456789';
const userCodeLength = 9;

const deviceRequest = z.object({
  scope: z.string(),
  /** The resource of a v1 request. */
  resource: z.string().optional(),
  /** Address that the device asked from. */
  address: z.string(),
});
/** What a device asked for, and from where. */
export type DeviceRequest = z.infer<typeof deviceRequest>;

export interface DeviceCode {
  /** `undefined` until the person has said who they are, where the device named no tenant. */
  readonly tenantId: TenantId | undefined;
  readonly clientId: ClientId;
  readonly request: DeviceRequest;
  readonly state:
    | { readonly kind: 'pending' | 'declined' | 'redeemed' | 'expired' }
    | {
        readonly kind: 'approved';
        readonly tenantId: TenantId;
        readonly userId: UserId;
        readonly methods: readonly string[];
        /** Milliseconds since the epoch. */
        readonly signedInAt: number;
      };
}

/** Gives out a pair of codes: one for the device, one for the person to type. */
export async function issueDeviceCode(
  transaction: Transaction,
  code: {
    readonly tenantId: TenantId | undefined;
    readonly clientId: ClientId;
    readonly request: DeviceRequest;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<{ readonly deviceCode: string; readonly userCode: string }> {
  const deviceCode = randomText(randomness, deviceOctets);
  const userCode = newUserCode(randomness);
  // rows of no tenant as well: they are nobody's yet
  await transaction
    .deleteFrom('device_codes')
    .where('expires_at', '<', code.at - rememberedFor)
    .execute();
  await transaction
    .insertInto('device_codes')
    .values({
      device_hash: digestOf(deviceCode),
      user_code_hash: digestOf(userCode),
      tenant_id: code.tenantId ?? null,
      client_id: code.clientId,
      request: JSON.stringify(code.request),
      status: 'pending',
      user_id: null,
      methods: null,
      signed_in_at: null,
      expires_at: code.at + deviceCodeLife * 1000,
    })
    .execute();
  return { deviceCode, userCode };
}

/** Each letter of 28 with the same chance: 43 bits, which live a quarter of an hour behind a limit on wrong ones. */
function newUserCode(randomness: Randomness): string {
  const limit = 256 - (256 % userCodeAlphabet.length);
  let code = '';
  while (code.length < userCodeLength) {
    for (const octet of randomness.bytes(userCodeLength)) {
      if (octet < limit && code.length < userCodeLength)
        code += userCodeAlphabet[octet % userCodeAlphabet.length];
    }
  }
  return code;
}

/** A user code as people type it, in the one spelling that is kept; `undefined` for what is none. */
export function parseUserCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, '');
  return /^[A-Z0-9]{9}$/.test(code) ? code : undefined;
}

/** The code behind what a device shows. It names no tenant, and neither may the device: 256 random bits find one row. */
export async function findDeviceCode(
  queries: Queries,
  deviceCode: string,
  at: number,
): Promise<DeviceCode | undefined> {
  const row = await queries
    .selectFrom('device_codes')
    .selectAll()
    .where('device_hash', '=', digestOf(deviceCode.slice(0, 128)))
    .executeTakeFirst();
  return row && asDeviceCode(row, at);
}

/** The code that a person typed. */
export async function findByUserCode(
  queries: Queries,
  userCode: string,
  at: number,
): Promise<DeviceCode | undefined> {
  const row = await queries
    .selectFrom('device_codes')
    .selectAll()
    .where('user_code_hash', '=', digestOf(userCode))
    .executeTakeFirst();
  return row && asDeviceCode(row, at);
}

/** A person's answer. @returns whether the code was still waiting for one */
export async function answerDeviceCode(
  transaction: Transaction,
  answer: {
    readonly userCode: string;
    readonly tenantId: TenantId;
    readonly userId: UserId;
    readonly approved: boolean;
    readonly methods: readonly string[];
    readonly signedInAt: number;
    readonly at: number;
  },
): Promise<boolean> {
  const row = await transaction
    .updateTable('device_codes')
    .set({
      status: answer.approved ? 'approved' : 'declined',
      tenant_id: answer.tenantId,
      user_id: answer.userId,
      methods: JSON.stringify(answer.methods),
      signed_in_at: answer.signedInAt,
    })
    .where('user_code_hash', '=', digestOf(answer.userCode))
    .where('status', '=', 'pending')
    .where('expires_at', '>', answer.at)
    .where((e) => e.or([e('tenant_id', 'is', null), e('tenant_id', '=', answer.tenantId)]))
    .returning('device_hash')
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes an approved code, once. @returns whether this call did */
export async function redeemDeviceCode(
  transaction: Transaction,
  tenantId: TenantId,
  deviceCode: string,
): Promise<boolean> {
  const row = await transaction
    .updateTable('device_codes')
    .set({ status: 'redeemed' })
    .where('tenant_id', '=', tenantId)
    .where('device_hash', '=', digestOf(deviceCode.slice(0, 128)))
    .where('status', '=', 'approved')
    .returning('device_hash')
    .executeTakeFirst();
  return row !== undefined;
}

function asDeviceCode(row: Selectable<DeviceCodesTable>, at: number): DeviceCode {
  return {
    tenantId: row.tenant_id === null ? undefined : guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    request: deviceRequest.parse(JSON.parse(row.request)),
    state: stateOf(row, at),
  };
}

function stateOf(row: Selectable<DeviceCodesTable>, at: number): DeviceCode['state'] {
  if (row.status === 'redeemed' || row.status === 'declined') return { kind: row.status };
  if (row.expires_at <= at) return { kind: 'expired' };
  if (row.status === 'pending') return { kind: 'pending' };
  const { tenant_id, user_id, methods, signed_in_at } = row;
  if (tenant_id === null || user_id === null || methods === null || signed_in_at === null) {
    throw new TypeError('an approved device code names nobody');
  }
  return {
    kind: 'approved',
    tenantId: guid<TenantId>(tenant_id),
    userId: guid<UserId>(user_id),
    methods: JSON.parse(methods) as readonly string[],
    signedInAt: signed_in_at,
  };
}
