import type { KeyFile } from '../../src/cli/key-values.ts'
import type { SigningSource, TrustSource } from '../../src/cli/trust-source.ts'
import { type HeadReader, type HeadWriter, unsignedWriter } from '../../src/registry/head.ts'
import type { Curve, PrivateKey, PublicKey } from '../../src/registry/keys/key.ts'
import { parsePrivateKeys, parsePublicKeys } from '../../src/registry/keys/key-file.ts'
import { HeadSigner, SignedHeads } from '../../src/registry/signed-heads.ts'
import { anyHeads } from '../../src/registry/unsigned-heads.ts'
import { readFile } from './secrets.ts'

/** Whose heads of a cluster are taken. */
export type Trust = (cluster: string) => HeadReader

const UNSIGNED = 'whoever can write to the registry, or stands between, decides where requests go'

/** Of a registry that this process, or one that it trusts on this machine, holds. */
export const trustAnybody: Trust = () => anyHeads

/** Loud where nobody's signature is asked for. @throws Error when a file cannot be read */
export function openTrust(source: TrustSource): Trust {
  if (source.type === 'unsigned') warn(`records are taken without signatures (--unsigned): ${UNSIGNED}`)
  return readTrust(source)
}

/** The same for a worker, whose supervisor has said it. @throws Error when a file cannot be read */
export function readTrust(source: TrustSource): Trust {
  return source.type === 'unsigned' ? trustAnybody : readTrusted(source.files)
}

/** A relay may look at signatures and need not: those who read from it do. @throws Error when a file cannot be read */
export function openRelayTrust(files: readonly KeyFile[]): Trust {
  return files.length === 0 ? trustAnybody : readTrusted(files)
}

export interface Signing {
  readonly heads: HeadWriter
  /** Undefined: nothing is signed. */
  readonly key: PrivateKey | undefined
}

/** @throws Error when the file cannot be read */
export async function openSigning(source: SigningSource): Promise<Signing> {
  if (source.type === 'unsigned') {
    warn(`records are published without signatures (--unsigned): ${UNSIGNED}`)
    return { heads: unsignedWriter, key: undefined }
  }
  const what = 'the signing key in'
  const keys = await readPrivateKeys(source.path, 'Ed25519', what)
  const [key, ...others] = keys
  if (key === undefined || others.length > 0)
    throw new Error(`Cannot read ${what} ${source.path}: it holds ${keys.length} keys, and one signs`)
  return { heads: new HeadSigner(key), key }
}

/** @throws Error when the file cannot be read */
export function readPublicKeys(path: string, curve: Curve, what: string): readonly PublicKey[] {
  const text = readFile(path, what)
  try {
    return parsePublicKeys(text, curve)
  } catch (cause) {
    throw faultOf(what, path, cause)
  }
}

/** @throws Error when the file cannot be read; it says nothing of what a key holds */
export async function readPrivateKeys(
  path: string,
  curve: Curve,
  what: string,
): Promise<readonly PrivateKey[]> {
  const text = readFile(path, what)
  try {
    return await parsePrivateKeys(text, curve)
  } catch (cause) {
    throw faultOf(what, path, cause)
  }
}

/** Every file is read at once: what is wrong is said before anything is served. */
function readTrusted(files: readonly KeyFile[]): Trust {
  const read = files.map(({ cluster, path }) => ({
    cluster,
    keys: readPublicKeys(path, 'Ed25519', 'the trusted keys in'),
  }))
  return (name) => {
    const own = read.filter(({ cluster }) => cluster === name)
    const applying = own.length > 0 ? own : read.filter(({ cluster }) => cluster === undefined)
    return new SignedHeads(applying.flatMap(({ keys }) => keys))
  }
}

function faultOf(what: string, path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Error(`Cannot read ${what} ${path}: ${reason}`, { cause })
}

function warn(text: string): void {
  console.error(`postern: warning: ${text}`)
}
