import * as v from 'valibot'
import { parseAllDocuments, stringify } from 'yaml'
import { type PrivateKey, type PublicKey, publicPartOf } from '../../registry/keys/key.ts'
import { parsePrivateJwks, parsePublicKeys } from '../../registry/keys/key-file.ts'
import type { KeyRing } from './key-ring.ts'

export const AGENT_SECRET = 'postern-agent-keys'
export const GATEWAY_SECRET = 'postern-gateway-keys'

/** Names in the Secrets, which are names of files where they are mounted. */
const files = {
  /** To the agent: what it signs with, and whom it seals to. */
  signing: 'signing.jwk',
  gateways: 'gateways.jwks',
  /** To the gateways: what opens, and whom they believe. */
  sealing: 'sealing.jwks',
  trusted: 'trusted.jwks',
} as const

const texts = v.optional(v.record(v.string(), v.string()), {})
const secretSchema = v.object({
  kind: v.literal('Secret'),
  metadata: v.object({ name: v.string() }),
  data: texts,
  stringData: texts,
})
const listSchema = v.object({ items: v.array(v.unknown()) })

/** The ring as two Secrets: each side gets what it needs and nothing else. They hold private keys. */
export function formatSecrets({ signing, trusted, sealing }: KeyRing, namespace: string): string {
  const agent = {
    [files.signing]: encode(signing.jwk),
    [files.gateways]: encodeSet(sealing.map(publicPartOf)),
  }
  const gateway = { [files.sealing]: encodeSet(sealing), [files.trusted]: encodeSet(trusted) }
  return [
    secretOf(AGENT_SECRET, 'agent', namespace, agent),
    secretOf(GATEWAY_SECRET, 'gateway', namespace, gateway),
  ].join('---\n')
}

/**
 * Reads both Secrets again, as they were printed or as `kubectl get -o yaml` gives them.
 * @throws Error that names what is missing or wrong, and nothing of what a key holds
 */
export function parseSecrets(text: string): KeyRing {
  const held = secretTexts(text)
  const take = <T>(secret: string, file: string, parse: (text: string) => T): T => {
    const found = held.get(`${secret}/${file}`)
    if (found === undefined) throw new Error(`there is no Secret ${secret} with ${file}`)
    try {
      return parse(found)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${file} in Secret ${secret}: ${reason}`, { cause })
    }
  }
  const signing = take(AGENT_SECRET, files.signing, (json) => first(parsePrivateJwks(json, 'Ed25519')))
  const trusted = take(GATEWAY_SECRET, files.trusted, (json) => parsePublicKeys(json, 'Ed25519'))
  const sealing = take(GATEWAY_SECRET, files.sealing, (json) => parsePrivateJwks(json, 'X25519'))
  return { signing, trusted, sealing: [first(sealing), ...sealing.slice(1)] }
}

/** Public parts and ids, for people. */
export function formatRing(ring: KeyRing): string {
  const lines = ({ id, jwk: { kty, crv, x } }: PublicKey) => `  ${id}  ${JSON.stringify({ kty, crv, x })}`
  return [
    'signs:',
    lines(ring.signing),
    'trusted by the gateways:',
    ...ring.trusted.map(lines),
    'sealed to:',
    ...ring.sealing.map(lines),
  ].join('\n')
}

/** The same for machines. */
export function ringJson({ signing, trusted, sealing }: KeyRing): string {
  const facts = { signing: publicPartOf(signing), trusted, sealing: sealing.map(publicPartOf) }
  return JSON.stringify(facts, null, 2)
}

function secretOf(
  name: string,
  component: string,
  namespace: string,
  stringData: Readonly<Record<string, string>>,
): string {
  const labels = { 'app.kubernetes.io/name': 'postern', 'app.kubernetes.io/component': component }
  const metadata = { name, namespace, labels }
  return stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData })
}

function secretTexts(text: string): ReadonlyMap<string, string> {
  const held = new Map<string, string>()
  for (const document of parseAllDocuments(text)) {
    if (document.errors.length > 0) throw new Error('it is no YAML')
    const json: unknown = document.toJS()
    const list = v.safeParse(listSchema, json)
    for (const item of list.success ? list.output.items : [json]) {
      const secret = v.safeParse(secretSchema, item)
      if (!secret.success) continue
      const { metadata, data, stringData } = secret.output
      for (const [file, base64] of Object.entries(data)) held.set(`${metadata.name}/${file}`, atob(base64))
      for (const [file, plain] of Object.entries(stringData)) held.set(`${metadata.name}/${file}`, plain)
    }
  }
  return held
}

function encodeSet(keys: readonly (PublicKey | PrivateKey)[]): string {
  return encode({ keys: keys.map(({ jwk }) => jwk) })
}

function encode(json: unknown): string {
  return `${JSON.stringify(json)}\n`
}

function first<K>(keys: readonly K[]): K {
  const [key] = keys
  if (key === undefined) throw new Error('it holds no key')
  return key
}
