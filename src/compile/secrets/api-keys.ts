import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { credential, secretOfType, wrongType } from './credential.ts'
import { type Fault, failed, invalid, type SecretReading } from './fault.ts'
import { type DataObject, namesOf, textOf, withoutLineEnd } from './secret-data.ts'

const TYPES = ['Opaque']
/** A field of a request carries it as it is. */
const KEY = /^[\x21-\x7e]+$/
/** Digests are quick, so that what can be guessed is found from them. */
const SHORT = 16

/** Entries are ids, their values API keys → digests with their ids. A key that cannot be sent is left out. */
export function readApiKeys(object: DataObject, key: string): SecretReading {
  const secret = secretOfType(object, TYPES)
  if (secret === undefined) return wrongType(object, TYPES)
  const keys: { id: string; sha256: string }[] = []
  const faults: Fault[] = []
  for (const id of namesOf(secret)) {
    const text = withoutLineEnd(textOf(secret, id) ?? '')
    if (!KEY.test(text)) faults.push(unusable(secret.meta.name, id))
    else {
      if (text.length < SHORT) faults.push(short(secret.meta.name, id))
      keys.push({ id, sha256: bytesToHex(sha256(utf8ToBytes(text))) })
    }
  }
  if (keys.length > 0) return credential('api-keys', key, { keys }, faults)
  const none = invalid(
    `Secret ${secret.meta.name} holds no API key`,
    'Each entry is one: its id and its key.',
  )
  return failed(none, ...faults)
}

function unusable(name: string, id: string): Fault {
  return invalid(
    `Secret ${name}: entry ${id} is no API key`,
    'A key is made of visible ASCII characters without spaces, for example of openssl rand -hex 32. Until then nobody is let in by it.',
  )
}

function short(name: string, id: string): Fault {
  return {
    code: 'secret-invalid',
    severity: 'warning',
    message: `Secret ${name}: the key of entry ${id} has fewer than ${SHORT} characters`,
    hint: 'It can be guessed: take a longer one, for example of openssl rand -hex 32.',
  }
}
