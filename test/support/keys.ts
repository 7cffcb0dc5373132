import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Head, parseStatement, type Statement, unsignedHead } from '../../src/registry/head.ts'
import { openEnvelope } from '../../src/registry/jws.ts'
import { type PrivateKey, publicPartOf } from '../../src/registry/keys/key.ts'
import { parsePrivateJwks } from '../../src/registry/keys/key-file.ts'
import { HeadSigner, SignedHeads } from '../../src/registry/signed-heads.ts'

const pathOf = (name: string) => fileURLToPath(new URL(`../fixtures/keys/${name}`, import.meta.url))

/** Files of the tests' own keys. */
export const keyFiles = {
  signing: pathOf('signing.jwk'),
  trusted: pathOf('trusted.jwks'),
  sealing: pathOf('sealing.jwks'),
  gateways: pathOf('gateways.jwks'),
}

/** What every process of the tests is started with: an agent signs and seals, a gateway asks for that and opens. */
export const keyVariables = {
  POSTERN_SIGNING_KEY: keyFiles.signing,
  POSTERN_TRUSTED_KEYS: keyFiles.trusted,
  POSTERN_GATEWAY_KEYS: keyFiles.gateways,
  POSTERN_SEALING_KEY: keyFiles.sealing,
}

/** The same for a Worker. */
export const keyBindings = { TRUSTED_KEYS: readFileSync(keyFiles.trusted, 'utf8') }

/** For a process that does without. */
export const noKeys = {
  POSTERN_SIGNING_KEY: '',
  POSTERN_TRUSTED_KEYS: '',
  POSTERN_GATEWAY_KEYS: '',
  POSTERN_SEALING_KEY: '',
}

export const signingKey = onlyKey(parsePrivateJwks(readFileSync(keyFiles.signing, 'utf8'), 'Ed25519'))
export const sealingKey = onlyKey(parsePrivateJwks(readFileSync(keyFiles.sealing, 'utf8'), 'X25519'))
export const trustedKeys = [publicPartOf(signingKey)]

/** Signs as the agents of the tests do. */
export const signer = new HeadSigner(signingKey)

/** Takes what they have signed, and nothing else. */
export const signedHeads = new SignedHeads(trustedKeys)

/** The same statement but for some members, without a signature. */
export function altered({ text: _, ...statement }: Head, changes: Partial<Statement>): Head {
  return unsignedHead({ ...statement, ...changes })
}

/** What a head says, whoever signed it. */
export function statementOf(text: string | undefined): Statement | undefined {
  if (text === undefined) return undefined
  return parseStatement(openEnvelope(text.trim())?.payload ?? text)
}

function onlyKey([key]: readonly PrivateKey[]): PrivateKey {
  if (key === undefined) throw new Error('The fixture holds no key')
  return key
}
