import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Secret } from '../../model/objects/secret.ts'
import { credential, secretOfType, wrongType } from './credential.ts'
import { type Fault, failed, invalid, type SecretReading } from './fault.ts'
import { type DataObject, textOf, withoutLineEnd } from './secret-data.ts'

const BASIC_AUTH = 'kubernetes.io/basic-auth'
const TYPES = ['Opaque', BASIC_AUTH]
/** bcrypt, apr1, and {SHA}: what htpasswd writes, but for crypt(3), which cuts passwords, and plain text, which is none. */
const HASH =
  /^(?:\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|\{SHA\}[A-Za-z0-9+/]{27}=)$/
/** As RFC 7617 has it: the name ends at the first colon. */
const NAME = /^[^:\p{Cc}]+$/u

interface User {
  readonly name: string
  readonly hash: string
}

/** A file of htpasswd in entry `auth`, as ingress-nginx has it; or a `kubernetes.io/basic-auth` Secret → hashes only. */
export function readBasic(object: DataObject, key: string): SecretReading {
  const secret = secretOfType(object, TYPES)
  if (secret === undefined) return wrongType(object, TYPES)
  const { users, faults } = secret.type === BASIC_AUTH ? single(secret) : file(secret)
  return users.length > 0 ? credential('basic', key, { users }, faults) : failed(...faults)
}

interface Read {
  readonly users: User[]
  readonly faults: Fault[]
}

/**
 * The password is there as it is, so that no slow hash protects what the Secret tells anyway: one pass of SHA-256 costs a
 * gateway nothing when anybody tries. The salt follows from the names, for equal objects make equal records.
 */
function single(secret: Secret): Read {
  const { name, namespace } = secret.meta
  const [user, password] = ['username', 'password'].map((entry) =>
    withoutLineEnd(textOf(secret, entry) ?? ''),
  )
  if (user === undefined || !NAME.test(user) || password === undefined || password === '') {
    const hint = 'A name has no colon, and neither may be empty. Until then nobody is let in by it.'
    return { users: [], faults: [invalid(`Secret ${name} has no username and password of use`, hint)] }
  }
  const salt = sha256(utf8ToBytes(`postern basic ${namespace}/${name} ${user}`)).subarray(0, 16)
  const digest = sha256(concatBytes(salt, utf8ToBytes(password)))
  return { users: [{ name: user, hash: `{SSHA256}${bytesToHex(salt)}$${bytesToHex(digest)}` }], faults: [] }
}

function file(secret: Secret): Read {
  const { name } = secret.meta
  const users = new Map<string, User>()
  const faults: Fault[] = []
  const lines = (textOf(secret, 'auth') ?? '').split('\n').map((line) => line.trim())
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue
    const [, user = '', hash = ''] = /^([^:]*):(.*)$/.exec(line) ?? []
    if (!NAME.test(user) || !HASH.test(hash)) faults.push(unreadable(name, index + 1))
    // As Apache and nginx have it: the first one counts.
    else if (!users.has(user)) users.set(user, { name: user, hash })
  }
  if (users.size === 0 && faults.length === 0) {
    const hint =
      'It takes a file of htpasswd: htpasswd -nB NAME > auth; kubectl create secret generic … --from-file=auth'
    faults.push(invalid(`Secret ${name} has no entry auth with users`, hint))
  }
  return { users: [...users.values()], faults }
}

function unreadable(name: string, line: number): Fault {
  return invalid(
    `Secret ${name}: line ${line} of entry auth cannot be read`,
    'It takes lines of NAME:HASH, where the hash is bcrypt, apr1 or {SHA}: htpasswd -nB NAME. Until then this line lets nobody in.',
  )
}
