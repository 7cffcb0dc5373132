import type { Client } from 'acme-client'
import type { AcmeSecrets, SecretName } from './acme-secrets.ts'
import type { Authority } from './authority.ts'

export interface AccountOptions {
  readonly secret: SecretName
  /** Where the authority may write to; undefined: nowhere. */
  readonly email: string | undefined
}

const KEY = 'account.key'
const URL_ENTRY = 'account.url'
const DIRECTORY = 'account.directory'

/**
 * The account at the authority: its key is kept before it is registered, so that no agent's end leaves an account behind
 * that nobody has the key of. The terms have been agreed to by the operator.
 */
export async function openAccount(
  authority: Authority,
  secrets: AcmeSecrets,
  { secret, email }: AccountOptions,
  signal: AbortSignal,
): Promise<Client> {
  let held = await secrets.read(secret, signal)
  let key = held?.entries[KEY]
  if (key === undefined) {
    if (held?.isManaged === false) {
      throw new Error(
        `Cannot use Secret ${secret.namespace}/${secret.name} for the ACME account: somebody else made it`,
      )
    }
    key = `${await authority.crypto.createPrivateEcdsaKey('P-256')}`
    held = await secrets.write(secret, 'Opaque', held, { [KEY]: key }, signal)
  }
  // At another authority the key has another account, or none yet.
  const isHere = held?.entries[DIRECTORY] === authority.directory
  const url = isHere ? held?.entries[URL_ENTRY] : undefined
  const client = authority.client(key, url)
  if (url !== undefined) return client
  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] }
  // Of a key that is known already it gives the account that there is (RFC 8555 §7.3.1).
  await client.createAccount({ termsOfServiceAgreed: true, ...contact })
  await secrets.write(
    secret,
    'Opaque',
    held,
    { [URL_ENTRY]: client.getAccountUrl(), [DIRECTORY]: authority.directory },
    signal,
  )
  return client
}
