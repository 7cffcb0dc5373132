import type { AccessPolicy } from '../../model/access-policy.ts'
import type { CredentialRecord } from '../../model/credential-records.ts'
import type { ErrorCode } from '../../model/errors.ts'
import { foldFieldName } from '../../model/field-name.ts'
import { findApiKey } from '../../policy/access/find-api-key.ts'
import { findPassword, type UserPassword } from '../../policy/access/find-password.ts'
import type { RequestHead } from '../road.ts'
import type { AuthAsk, AuthVerdict, GivenAnswer } from './auth-call.ts'
import type { Credential } from './credential-book.ts'
import type { PasswordVerdict } from './password-book.ts'

/** What of a request proves who its client is, one check after the other. */
export type AccessProof = 'api-key' | 'password' | 'auth-call'

/** What the road reads of proofs, and only reads; undefined: it has to be found out first. */
export interface AccessReader {
  apiKey(credential: Credential, apiKey: string): KeyVerdict | undefined
  password(credential: Credential, user: UserPassword): PasswordVerdict | undefined
  authCall(ask: AuthAsk): AuthVerdict | undefined
}

/** What is known of an API key. */
export type KeyVerdict =
  | { readonly type: 'admitted'; readonly id: string }
  | { readonly type: 'refused'; readonly error: 'key-invalid' | 'credential-missing' }

/** What must be found out before anybody can say. */
export type AccessWait =
  | { readonly type: 'credential'; readonly credential: Credential }
  | { readonly type: 'password'; readonly credential: Credential; readonly user: UserPassword }
  | { readonly type: 'auth-call'; readonly ask: AuthAsk }

export type AccessAnswer =
  | {
      readonly type: 'admitted'
      /** For the application, as [name, value, …]. */
      readonly fields: readonly string[]
      /** For the client, besides what the application answers. */
      readonly answerFields: readonly string[]
      /** Of the API key. */
      readonly keyId: string | undefined
    }
  | {
      readonly type: 'refused'
      readonly proof: AccessProof
      readonly error: ErrorCode
      readonly fields?: readonly string[]
      readonly given?: GivenAnswer
    }
  | { readonly type: 'wait'; readonly proof: AccessProof; readonly for: AccessWait }

/** What is asked about a request. */
export interface AccessQuestion {
  readonly head: RequestHead
  /** Of the target, with its `?`. */
  readonly query: string
  readonly credentialOf: (key: string) => CredentialRecord | undefined
  /** Asked only where somebody else is. */
  readonly authAsk: () => AuthAsk
  /** Absent: nothing is known here, so that nobody comes in. */
  readonly reader: AccessReader | undefined
}

/** Names that only the gateway may set because of what these checks say, folded. */
export function accessFieldNames({ apiKeys, basic, call }: AccessPolicy): string[] {
  const names = [apiKeys?.field, basic?.field, ...(call?.fields ?? [])]
  return names.flatMap((name) => (name === undefined ? [] : [foldFieldName(name)]))
}

/** Walks the checks of a Service, the cheapest first: all of them must admit. */
export function askAccess(policy: AccessPolicy, question: AccessQuestion): AccessAnswer {
  const fields: string[] = []
  const key = policy.apiKeys && askKey(policy.apiKeys, question)
  if (key !== undefined && !('id' in key)) return key
  if (key !== undefined && policy.apiKeys?.field !== undefined) fields.push(policy.apiKeys.field, key.id)
  const user = policy.basic && askPassword(policy.basic, question)
  if (user !== undefined && !('name' in user)) return user
  if (user !== undefined && policy.basic?.field !== undefined)
    fields.push(policy.basic.field, fieldText(user.name))
  const called = policy.call && askCall(question)
  if (called !== undefined && called.type !== 'admitted') return called
  if (called !== undefined) fields.push(...called.fields)
  return { type: 'admitted', fields, answerFields: called?.answerFields ?? [], keyId: key?.id }
}

type Denied = Exclude<AccessAnswer, { type: 'admitted' }>

function askKey(
  { credential: key, places }: NonNullable<AccessPolicy['apiKeys']>,
  { head, query, credentialOf, reader }: AccessQuestion,
): { readonly id: string } | Denied {
  const refused = (error: ErrorCode): Denied => ({ type: 'refused', proof: 'api-key', error })
  const found = findApiKey(head, query, places)
  if (found.type !== 'key') return refused(found.type === 'none' ? 'key-missing' : 'key-unclear')
  const record = credentialOf(key)
  if (record === undefined) return refused('credential-missing')
  const credential = { key, record }
  const verdict = reader?.apiKey(credential, found.key)
  if (verdict === undefined) {
    return { type: 'wait', proof: 'api-key', for: { type: 'credential', credential } }
  }
  return verdict.type === 'admitted' ? { id: verdict.id } : refused(verdict.error)
}

function askPassword(
  { credential: key, realm }: NonNullable<AccessPolicy['basic']>,
  { head, credentialOf, reader }: AccessQuestion,
): { readonly name: string } | Denied {
  const refused = (error: ErrorCode): Denied =>
    error === 'credential-missing'
      ? { type: 'refused', proof: 'password', error }
      : // RFC 7617 §2.1: how to write what is not ASCII.
        {
          type: 'refused',
          proof: 'password',
          error,
          fields: ['WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`],
        }
  const found = findPassword(head)
  if (found.type !== 'password')
    return refused(found.type === 'none' ? 'password-missing' : 'password-invalid')
  const record = credentialOf(key)
  if (record === undefined) return refused('credential-missing')
  const credential = { key, record }
  const user = { name: found.name, password: found.password }
  const verdict = reader?.password(credential, user)
  if (verdict === undefined) {
    return { type: 'wait', proof: 'password', for: { type: 'password', credential, user } }
  }
  return verdict === 'admitted' ? user : refused(verdict)
}

function askCall({ authAsk, reader }: AccessQuestion): AccessAnswer {
  const ask = authAsk()
  const verdict = reader?.authCall(ask)
  if (verdict === undefined) return { type: 'wait', proof: 'auth-call', for: { type: 'auth-call', ask } }
  if (verdict.type === 'admitted') return { ...verdict, keyId: undefined }
  if (verdict.type === 'unavailable')
    return { type: 'refused', proof: 'auth-call', error: 'auth-unavailable' }
  return { type: 'refused', proof: 'auth-call', error: 'auth-refused', given: verdict.given }
}

/** Names of users may hold what a field cannot (RFC 9110 §5.5). */
function fieldText(name: string): string {
  return name.replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent)
}
