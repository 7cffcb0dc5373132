import type { AccessPolicy } from '../../model/access-policy.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { AccessProof } from '../access/access-check.ts'
import { withoutQuery } from '../observe.ts'
import type { StepOf, Told } from './step-parts.ts'

/** The annotation that asks for each proof. */
const ANNOTATIONS: Readonly<Record<AccessProof, string>> = {
  'api-key': 'api-keys',
  password: 'basic-auth',
  'auth-call': 'auth-url',
}

const FAULTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  'key-missing': 'there is no key where one may be',
  'key-unclear': 'there is not exactly one key that can be read',
  'key-invalid': 'the Secret does not hold this key',
  'password-missing': 'there is no user and password',
  'password-invalid': 'the Secret does not hold this user with this password',
  'credential-missing': "the Secret is not there, or cannot be opened: the gateway's log says why",
  'auth-refused': 'whoever is asked refuses it',
  'auth-unavailable': "whoever is asked gave no answer that means anything: the gateway's log says why",
}

/** What else was asked of the client. Neither keys nor passwords are told. */
export function accessStep({ service, answer }: StepOf<'access'>): Told {
  const { access = {}, namespace, name } = service.record
  const details = askedBy(access)
  const by = (proof: AccessProof): string =>
    `postern.dev/${ANNOTATIONS[proof]} of Service ${namespace}/${name}`
  switch (answer.type) {
    case 'admitted': {
      const as = answer.keyId === undefined ? '' : ` as ${answer.keyId}`
      return { step: 'access', summary: `admitted${as}`, details }
    }
    case 'wait':
      return { step: 'access', summary: `has to be found out, says ${by(answer.proof)}`, details }
    case 'refused': {
      const why = FAULTS[answer.error] ?? answer.error
      const given = answer.given === undefined ? '' : `, with ${answer.given.status}`
      return { step: 'access', summary: `refused by ${by(answer.proof)}: ${why}${given}`, details }
    }
  }
}

function askedBy({ apiKeys, basic, call }: AccessPolicy): string[] {
  return [
    ...(apiKeys === undefined
      ? []
      : [
          `an API key of Secret ${apiKeys.credential}, from ${apiKeys.places.map(({ in: where, name }) => (name === '' ? where : `${where}:${name}`)).join(', ')}`,
        ]),
    ...(basic === undefined ? [] : [`a user and password of Secret ${basic.credential}`]),
    ...(call === undefined ? [] : [`${withoutQuery(call.url)} is asked`]),
  ]
}
