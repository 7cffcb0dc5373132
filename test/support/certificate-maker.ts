import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** PEM. */
export interface MadeCertificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateWish {
  readonly hosts?: readonly string[]
  readonly uris?: readonly string[]
  /** Parts of the subject's name; by default CN=the first host. */
  readonly commonName?: string
  /** ms since the Unix epoch. */
  readonly notBefore?: number
  readonly notAfter?: number
  /** An authority that may issue in turn. */
  readonly isAuthority?: boolean
  readonly kind?: 'ec' | 'rsa'
  /** The same pair of keys for many: making one is dear. */
  readonly keys?: Keys
}

export interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface MadeAuthority extends MadeCertificate {
  issue(wish: CertificateWish): MadeCertificate & { readonly notBefore: number; readonly notAfter: number }
  issueAuthority(commonName: string): MadeAuthority
}

const DAY_MS = 86_400_000
const OID = {
  commonName: '2.5.4.3',
  sha256WithEcdsa: '1.2.840.10045.4.3.2',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
} as const

/** A certificate authority in memory: certificates of any shape, by the thousand (RFC 5280 §4.1). */
export function makeAuthority(commonName = 'postern test authority'): MadeAuthority {
  const keys = newKeys('ec')
  const now = Date.now()
  const wish = { commonName, isAuthority: true, notBefore: now - DAY_MS, notAfter: now + 30 * DAY_MS }
  return authorityOf(keys, commonName, certificate(wish, keys.publicKey, commonName, keys.privateKey))
}

function authorityOf(keys: Keys, commonName: string, cert: string): MadeAuthority {
  const issue: MadeAuthority['issue'] = (wish) => {
    const own = wish.keys ?? newKeys(wish.kind ?? 'ec')
    const { notBefore = Date.now() - DAY_MS, notAfter = Date.now() + 30 * DAY_MS } = wish
    const made = certificate({ ...wish, notBefore, notAfter }, own.publicKey, commonName, keys.privateKey)
    return { cert: made, key: pem(own.privateKey), notBefore, notAfter }
  }
  return {
    cert,
    key: pem(keys.privateKey),
    issue,
    issueAuthority: (name) => {
      const own = newKeys('ec')
      return authorityOf(own, name, issue({ commonName: name, isAuthority: true, keys: own }).cert)
    },
  }
}

export function newKeys(kind: 'ec' | 'rsa'): Keys {
  return kind === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function certificate(
  wish: CertificateWish & { readonly notBefore: number; readonly notAfter: number },
  publicKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
): string {
  const algorithm = der(0x30, oid(OID.sha256WithEcdsa))
  const subject = wish.commonName ?? wish.hosts?.[0] ?? ''
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name(issuer),
    der(0x30, time(wish.notBefore), time(wish.notAfter)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensions(wish))),
  )
  const signature = sign('sha256', tbs, issuerKey)
  const bytes = der(0x30, tbs, algorithm, der(0x03, Buffer.of(0), signature))
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function extensions({ hosts = [], uris = [], isAuthority = false }: CertificateWish): Buffer[] {
  const names = [
    ...hosts.map((host) => der(0x82, Buffer.from(host))),
    ...uris.map((uri) => der(0x86, Buffer.from(uri))),
  ]
  const truth = isAuthority ? [der(0x01, Buffer.of(0xff))] : []
  const all = [extension(OID.basicConstraints, der(0x30, ...truth))]
  // keyCertSign and digitalSignature.
  if (isAuthority) all.push(extension(OID.keyUsage, der(0x03, Buffer.of(2, 0x84))))
  if (names.length > 0) all.push(extension(OID.subjectAltName, der(0x30, ...names)))
  return all
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value))
}

function name(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid(OID.commonName), der(0x0c, Buffer.from(commonName)))))
}

/** UTCTime: this test suite does not live until 2050. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const digits = [part & 0x7f]
    for (let high = part >>> 7; high > 0; high >>>= 7) digits.unshift((high & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return der(0x06, Buffer.from(bytes))
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >>> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

/** What a certificate is called in fields and logs: the SHA-256 of its DER, in hexadecimal. */
export function fingerprintOf(cert: string): string {
  const base64 = cert.replace(/-----[^-]+-----|\s/g, '')
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex')
}
