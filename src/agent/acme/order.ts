import type { Authorization, Client, Order } from 'acme-client'
import type { Timers } from '../../model/clock.ts'
import { pause } from '../../model/pause.ts'
import type { AcmeSecrets, HeldSecret, SecretName } from './acme-secrets.ts'
import type { Authority } from './authority.ts'
import { dropPending, keepIssued, keepPending, type Pending, readPending } from './pending.ts'
import { AcmeRefusal } from './refusal.ts'

/** Between two looks at an order. */
const POLL_MS = 2_000
/** An authority that takes longer has forgotten it: the next try looks again. */
const MAX_POLLS = 60

export interface Challenge {
  readonly host: string
  readonly token: string
  readonly keyAuthorization: string
}

export interface OrderParts {
  readonly authority: Authority
  readonly client: Client
  readonly secrets: AcmeSecrets
  readonly timers: Timers
  /** How long gateways are given to hear of challenges. */
  readonly settleMs: number
  /** Has gateways answer these challenges of the order, and no others. */
  readonly answer: (challenges: readonly Challenge[]) => Promise<void>
}

/**
 * Has a certificate issued, or goes on with an order that an agent before us began.
 * @throws AcmeRefusal, or what failed; what is kept in the Secret says where to go on
 */
export async function fulfilOrder(
  parts: OrderParts,
  secret: SecretName,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<HeldSecret> {
  const { secrets, client } = parts
  const read = await secrets.read(secret, signal)
  if (read?.isManaged === false) throw new Error(`Cannot write Secret ${secret.name}: somebody else made it`)
  let held = read
  const { directory } = parts.authority
  let pending = readPending(held, hosts, directory)
  if (pending === undefined) {
    const key = `${await parts.authority.crypto.createPrivateEcdsaKey('P-256')}`
    const order = await client.createOrder({ identifiers: hosts.map((value) => ({ type: 'dns', value })) })
    pending = { directory, order: order.url, hosts: [...hosts], key }
    held = await secrets.write(secret, 'kubernetes.io/tls', held, keepPending(held, pending), signal)
  }
  try {
    const chain = await issue(parts, pending, signal)
    return await secrets.write(secret, 'kubernetes.io/tls', held, keepIssued(pending, chain), signal)
  } catch (error) {
    if (error instanceof AcmeRefusal && error.isFinal) {
      await secrets.write(secret, 'kubernetes.io/tls', held, dropPending, signal)
    }
    throw error
  } finally {
    await parts.answer([])
  }
}

/** Takes the order from wherever it is to its certificate. */
async function issue(
  parts: OrderParts,
  { order: url, hosts, key }: Pending,
  signal: AbortSignal,
): Promise<string> {
  const { authority, client, timers } = parts
  const asked: Order = { url, status: 'pending', identifiers: [], authorizations: [], finalize: '' }
  for (let polls = 0; polls < MAX_POLLS && !signal.aborted; polls++) {
    const order = await client.getOrder(asked)
    switch (order.status) {
      case 'pending':
        await prove(parts, order, signal)
        break
      case 'ready': {
        const [, csr] = await authority.crypto.createCsr({ altNames: [...hosts] }, key)
        await client.finalizeOrder(order, csr)
        break
      }
      case 'valid':
        return await client.getCertificate(order)
      case 'invalid':
        throw await rejection(client, order)
      case 'processing':
    }
    await pause(POLL_MS, timers, signal)
  }
  throw new Error(
    `Cannot finish the order for ${hosts.join(', ')}: ${signal.aborted ? 'stopped' : 'it takes too long'}`,
  )
}

/** Publishes what is asked for, and says so to the authority. */
async function prove(parts: OrderParts, order: Order, signal: AbortSignal): Promise<void> {
  const { client, timers, settleMs, answer } = parts
  const open = (await client.getAuthorizations(order)).filter(({ status }) => status === 'pending')
  const asked = open.map((authorization) => ({ authorization, challenge: httpChallenge(authorization) }))
  const fresh = asked.filter(({ challenge }) => challenge.status === 'pending')
  const challenges = await Promise.all(
    asked.map(async ({ authorization, challenge }) => ({
      host: authorization.identifier.value,
      token: challenge.token,
      keyAuthorization: await client.getChallengeKeyAuthorization(challenge),
    })),
  )
  if (challenges.length > 0) await answer(challenges)
  if (fresh.length === 0) return
  await pause(settleMs, timers, signal)
  for (const { challenge } of fresh) await client.completeChallenge(challenge)
}

function httpChallenge({ identifier, challenges }: Authorization) {
  const found = challenges.find(({ type }) => type === 'http-01')
  if (found === undefined)
    throw new AcmeRefusal(`prove ${identifier.value}`, 'it offers no http-01', { isFinal: true })
  return found
}

/** Why an order has ended: the first host that could not be proven, and what the authority saw there. */
async function rejection(client: Client, order: Order): Promise<AcmeRefusal> {
  const failed = (await client.getAuthorizations(order)).find(({ status }) => status === 'invalid')
  const said = failed?.challenges.map(({ error }) => saidOf(error)).find((text) => text !== '')
  const doing = failed === undefined ? 'finish the order' : `prove ${failed.identifier.value}`
  return new AcmeRefusal(doing, said ?? saidOf(order.error), { isFinal: true })
}

function saidOf(error: object | undefined): string {
  return error !== undefined && 'detail' in error && typeof error.detail === 'string' ? error.detail : ''
}
