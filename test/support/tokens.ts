import type { RequestListener } from 'node:http'
import {
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import type { TokenBook } from '../../src/gateway/tokens/token-book.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { testAccess } from './access.ts'
import { startHttp } from './http.ts'

export const ISSUER = 'https://login.example.test'
export const AUDIENCE = 'https://api.example.test'

export interface TestIssuer {
  readonly jwksUrl: string
  /** How often the keys were asked for. */
  readonly asked: () => number
  readonly jwk: JWK
  /** A good token, or one that differs from it. */
  token(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>
  /** Signs any two texts as header and payload, as ES256. */
  signText(header: string, payload: string): Promise<string>
  /** A new key, under a name of its own, instead of the ones before. */
  rotate(kid: string): Promise<void>
  answerWith(listener: RequestListener | undefined): void
  close(): Promise<void>
}

/** An issuer of tokens, with a real server of its keys on a loopback port. */
export async function startIssuer(alg = 'ES256'): Promise<TestIssuer> {
  let asked = 0
  let listener: RequestListener | undefined
  let current = await keyOf(alg, 'first')
  const server = await startHttp((request, response) => {
    asked++
    if (listener !== undefined) listener(request, response)
    else response.end(JSON.stringify({ keys: [current.jwk] }))
  })
  return {
    jwksUrl: `http://127.0.0.1:${server.port}/keys.json`,
    asked: () => asked,
    get jwk() {
      return current.jwk
    },
    token: async (claims = {}, header = {}) =>
      await new SignJWT({ ...goodClaims(), ...claims })
        .setProtectedHeader({ alg, kid: current.kid, ...header })
        .sign(current.privateKey),
    signText: async (header, payload) => {
      const signed = [header, payload].map((text) => Buffer.from(text).toString('base64url')).join('.')
      const how = { name: 'ECDSA', hash: 'SHA-256' }
      const signature = await crypto.subtle.sign(how, current.privateKey, Buffer.from(signed))
      return `${signed}.${Buffer.from(signature).toString('base64url')}`
    },
    rotate: async (kid) => {
      current = await keyOf(alg, kid)
    },
    answerWith: (next) => {
      listener = next
    },
    close: server.close,
  }
}

async function keyOf(alg: string, kid: string) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export function goodClaims(): JWTPayload {
  const now = Math.floor(systemClock.now() / 1000)
  return { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 600 }
}

/** The annotations of a Service that asks for the issuer's tokens. */
export function tokenAnnotations(
  jwksUrl: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    'postern.dev/jwt-issuer': ISSUER,
    'postern.dev/jwt-audience': AUDIENCE,
    'postern.dev/jwt-jwks-url': jwksUrl,
    ...more,
  }
}

/** Verifies tokens as a gateway does that may read keys on this machine. */
export function testTokens(onTrouble?: (error: Error) => void): TokenBook {
  return testAccess({ ...(onTrouble && { onTrouble }) }).tokens
}
