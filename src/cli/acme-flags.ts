import { parseObjectName } from './election-values.ts'
import { flag, optionalFlag } from './flag.ts'
import { parseBoolean, parseText, type ValueParse } from './values.ts'

/** Where the agent orders certificates, and as whom (docs/acme.md). */
export const acmeFlags = {
  acmeDirectory: optionalFlag(
    'acme-directory',
    'URL',
    ['POSTERN_ACME_DIRECTORY'],
    'the ACME directory where certificates are ordered; by default none is ordered',
    parseDirectory,
  ),
  acmeAgreeTerms: flag(
    'acme-agree-terms',
    'true|false',
    'false',
    "whether you agree to that authority's terms of service, without which it issues nothing",
    parseBoolean,
  ),
  acmeEmail: optionalFlag(
    'acme-email',
    'ADDRESS',
    ['POSTERN_ACME_EMAIL'],
    'where the authority may write to',
    parseEmail,
  ),
  acmeAccount: optionalFlag(
    'acme-account',
    'NAMESPACE/NAME',
    ['POSTERN_ACME_ACCOUNT'],
    "the Secret with the account's key; by default postern-acme-account in the agent's own namespace",
    parseObjectName,
  ),
  acmeCa: optionalFlag(
    'acme-ca',
    'FILE',
    ['POSTERN_ACME_CA'],
    'PEM with the authorities to trust when talking to that directory, where it is a private one',
    parseText,
  ),
} as const

/** Over HTTPS only: RFC 8555 §6.1. */
function parseDirectory(text: string): ValueParse<string> {
  return URL.parse(text)?.protocol === 'https:'
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an https:// URL' }
}

function parseEmail(text: string): ValueParse<string> {
  return /^[^\s@,?&]+@[^\s@,?&]+$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, reason: 'not an e-mail address' }
}
