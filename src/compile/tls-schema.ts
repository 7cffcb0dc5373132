import type { Hsts } from '../model/route-tls.ts'
import { type AnnotationParse, define } from './annotation.ts'
import { MAX_SECRETS, parseAuthorityName, parseSecretNames } from './secrets/schema.ts'

const CLOSED = '503 for every request'

/** The annotations that speak of TLS between clients and gateways: docs/tls.md tells how they go together. */
export const tlsAnnotations = {
  tlsSecret: define({
    name: 'tls-secret',
    summary:
      'The certificates of the hostnames: Secrets of type `kubernetes.io/tls` in the namespace of the Service, which the agent may read once a Role says so (docs/tls.md, docs/secrets.md).',
    takes: `names of at most ${MAX_SECRETS} Secrets, separated by commas; each hostname gets the one that is made out for it`,
    otherwise: "the gateway's own certificate (`--default-certificate`, `--tls-cert`), where it has one",
    whenInvalid: CLOSED,
    example: 'shop-tls',
    parse: parseSecretNames,
  }),
  acme: define({
    name: 'acme',
    summary:
      "Has the agent order the certificate of the Service's hostnames, renew it, and keep it in the one Secret that `postern.dev/tls-secret` names (docs/acme.md). The agent must be told a directory (`--acme-directory`).",
    takes: '`true` or `false`',
    otherwise: '`false`',
    whenInvalid: 'nothing is ordered',
    example: 'true',
    parse: parseFlag,
  }),
  tlsRedirect: define({
    name: 'tls-redirect',
    summary:
      'Sends requests that come by plain HTTP to https (308). `/.well-known/acme-challenge/` is left out, so that certificates can be had at all.',
    takes: '`true` or `false`',
    otherwise: '`true` where `tls-secret` or `client-ca` is given, else `false`',
    whenInvalid: '`true`',
    example: 'false',
    parse: parseFlag,
  }),
  hsts: define({
    name: 'hsts',
    summary:
      'Tells browsers to come by https only, for so long (RFC 6797). Said over https alone; it stands in for what the application says of it.',
    takes: 'the value of Strict-Transport-Security: `max-age=SECONDS`, then `includeSubDomains`, `preload`',
    otherwise: 'what the application says goes on',
    whenInvalid: 'the default applies',
    example: 'max-age=31536000; includeSubDomains',
    parse: parseHsts,
  }),
  clientCa: define({
    name: 'client-ca',
    summary:
      'Asks clients for a certificate of one of these authorities. It holds for the whole of each hostname, whichever Services share it.',
    takes:
      '`secret/NAME` or `configmap/NAME` in the namespace of the Service, whose `ca.crt` holds the authorities',
    otherwise: 'nobody is asked for a certificate',
    whenInvalid: CLOSED,
    example: 'configmap/partners-ca',
    parse: parseAuthorityName,
  }),
  clientCertificates: define({
    name: 'client-certificates',
    summary: 'Whether a client must have a certificate of `client-ca`. One that is not good is never let in.',
    takes: '`required` or `optional`',
    otherwise: '`required` where `client-ca` is given',
    whenInvalid: CLOSED,
    example: 'optional',
    parse: parseMode,
  }),
} as const

function parseMode(text: string): AnnotationParse<'require' | 'optional'> {
  const mode = text.trim().toLowerCase()
  if (mode === 'required') return { ok: true, value: 'require' }
  return mode === 'optional'
    ? { ok: true, value: mode }
    : { ok: false, reason: 'not one of required, optional' }
}

function parseFlag(text: string): AnnotationParse<boolean> {
  const flag = text.trim().toLowerCase()
  return flag === 'true' || flag === 'false'
    ? { ok: true, value: flag === 'true' }
    : { ok: false, reason: 'not one of true, false' }
}

/** RFC 6797 §6.1: names are case-insensitive, and each may stand once. */
function parseHsts(text: string): AnnotationParse<Hsts> {
  const directives = text.split(';').map((part) => part.trim().toLowerCase())
  const ages = directives.flatMap((part) => /^max-age="?(\d{1,10})"?$/.exec(part)?.[1] ?? [])
  const flags = directives.filter((part) => part === 'includesubdomains' || part === 'preload')
  const isWhole = ages.length === 1 && new Set(flags).size === flags.length
  if (!isWhole || ages.length + flags.length !== directives.length) {
    return { ok: false, reason: 'not max-age=SECONDS, then includeSubDomains or preload' }
  }
  const includeSubDomains = flags.includes('includesubdomains')
  return {
    ok: true,
    value: { maxAgeSeconds: Number(ages[0]), includeSubDomains, preload: flags.includes('preload') },
  }
}
