import type { KeyObject } from 'node:crypto';
import { type JWTPayload, jwtVerify } from 'jose';
import { keyProofType, maxProofLife, proofType } from '../../contract/machine-proof.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { MachineId } from '../../foundation/ids.ts';
import type { Database } from '../storage/database.ts';
import { type MachineKey, machineKey } from './machine-key.ts';
import { findMachine, type Machine, machineBanned, machineNotFound } from './machine-store.ts';

/** What a proof must have been made over. */
export interface ProvenRequest {
  readonly authorization: string | undefined;
  readonly method: string;
  /** As on the wire, without query. */
  readonly path: string;
  /** SHA-256 of the body's octets, base64url. */
  readonly bodyHash: string;
}

/** Seconds by which a host's clock may differ. */
const clockTolerance = 60;
const jtiPattern = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * The one way from a request to a machine: `Authorization: Proof <JWT>`, signed by the machine's key with the
 * algorithm of that key (never the header's choice), for this method, URL and body, alive five minutes at most and
 * used once on whichever replica.
 */
export class MachineProofs {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #origin: string;

  /** @param origin origin of the agents surface: the audience of proofs */
  constructor(database: Database, clock: Clock, origin: string) {
    this.#database = database;
    this.#clock = clock;
    this.#origin = origin;
  }

  /**
   * @throws DomainError `unauthenticated` without a proof; `credential-rejected` where the machine is not known
   *   (`MachineNotFound`) or the proof does not hold (`InvalidProof`); `forbidden` where the machine is banned
   *   (`MachineBanned`)
   */
  async machine(claimedMachineId: MachineId, request: ProvenRequest): Promise<Machine> {
    const proof = proofOf(request.authorization);
    const machine = await findMachine(this.#database.read, claimedMachineId);
    if (machine === undefined) throw machineNotFound();
    const claims = await this.#verify(proof, machineKey(machine.publicKey), machine.machineId, request);
    await this.#useOnce(machine.machineId, claims);
    if (machine.banned) throw machineBanned();
    return machine;
  }

  /**
   * That the sender of an enrolment holds the key in it. Replay is of no use: the join token in the body works once.
   *
   * @throws DomainError `unauthenticated`, `credential-rejected`
   */
  async holder(key: MachineKey, request: ProvenRequest): Promise<void> {
    await this.#verify(proofOf(request.authorization), key, key.thumbprint, request);
  }

  /**
   * That an identity's fresh key signed for this identity on this machine.
   *
   * @throws DomainError `credential-rejected`
   */
  async identityKey(
    proof: string,
    key: KeyObject,
    binding: { readonly clientId: string; readonly machineId: MachineId },
  ): Promise<void> {
    const { clientId, machineId } = binding;
    const { payload } = await this.#read(proof, key, 'RS256', keyProofType, clientId);
    if (payload['machine'] !== machineId) throw invalid('the proof of a key is for another machine');
  }

  async #verify(
    proof: string,
    key: MachineKey,
    subject: string,
    request: ProvenRequest,
  ): Promise<JWTPayload & { readonly jti: string; readonly exp: number }> {
    const { payload, exp } = await this.#read(proof, key.publicKey, key.algorithm, proofType, subject);
    const { jti } = payload;
    if (typeof jti !== 'string' || !jtiPattern.test(jti)) throw invalid('its id has an unexpected form');
    if (payload['htm'] !== request.method) throw invalid('it is for another method');
    if (payload['htu'] !== `${this.#origin}${request.path}`) throw invalid('it is for another address');
    if (payload['body'] !== request.bodyHash) throw invalid('it is for another body');
    return { ...payload, jti, exp };
  }

  async #read(
    jws: string,
    key: KeyObject,
    algorithm: string,
    typ: string,
    subject: string,
  ): Promise<{ readonly payload: JWTPayload; readonly exp: number }> {
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(jws, key, {
        algorithms: [algorithm],
        typ,
        issuer: subject,
        subject,
        audience: this.#origin,
        clockTolerance,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['iat', 'exp'],
      }));
    } catch (cause) {
      throw invalid('its form, signature, audience or times do not hold', cause);
    }
    const { iat, exp, aud } = payload;
    if (typeof aud !== 'string') throw invalid('it has more than one audience');
    if (iat === undefined || exp === undefined || exp - iat > maxProofLife || exp <= iat) {
      throw invalid('it lives too long');
    }
    if (iat > this.#clock.now() / 1000 + clockTolerance) throw invalid('it begins in the future');
    return { payload, exp };
  }

  async #useOnce(
    machineId: MachineId,
    { jti, exp }: { readonly jti: string; readonly exp: number },
  ): Promise<void> {
    const now = this.#clock.now();
    const expiresAt = (exp + clockTolerance) * 1000;
    const fresh = await this.#database.transaction(async (transaction) => {
      await transaction.deleteFrom('proof_replays').where('expires_at', '<', now).execute();
      return await transaction
        .insertInto('proof_replays')
        .values({ machine_id: machineId, jti, expires_at: expiresAt })
        .onConflict((conflict) => conflict.columns(['machine_id', 'jti']).doNothing())
        .returning('jti')
        .executeTakeFirst();
    });
    if (fresh === undefined) throw invalid('it was used before');
  }
}

function proofOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') {
    throw new DomainError('unauthenticated', 'The Authorization header is missing.');
  }
  const match = /^Proof ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(authorization);
  if (match === null || authorization.length > 4096) throw invalid('the header is not Proof <JWT>');
  return match[1] as string;
}

function invalid(reason: string, cause?: unknown): DomainError {
  return new DomainError('credential-rejected', `The proof of the machine is not valid: ${reason}.`, {
    code: 'InvalidProof',
    ...(cause === undefined ? {} : { cause }),
  });
}
