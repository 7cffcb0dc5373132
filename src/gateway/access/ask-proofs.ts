import type { Peer } from '../../identity/identify.ts'
import type { Known } from '../../limits/rate-key.ts'
import type { Passage, PlanTable, Reply, RequestHead, RoadState, Step, Wait } from '../road.ts'
import type { TableService } from '../table-service.ts'
import { askToken, type TokenVerdict } from '../tokens/token-check.ts'
import { type AccessAnswer, askAccess } from './access-check.ts'
import { authAskOf } from './auth-ask.ts'

/** A request that has come to a Service, and what is known besides. */
export interface Asked {
  readonly head: RequestHead
  readonly peer: Peer
  readonly passage: Passage
  readonly authority: string
  /** Of the target, with its `?`. */
  readonly query: string
  readonly table: PlanTable
  readonly state: RoadState
}

/** What the proofs of a client tell of it. */
export interface Proven extends Known {
  readonly type: 'proven'
  /** For the application, as [name, value, …]. */
  readonly fields: readonly string[]
  /** For the client, besides what the application answers. */
  readonly answerFields: readonly string[]
}

const NONE: readonly string[] = []
const NOTHING: Proven = {
  type: 'proven',
  fields: NONE,
  answerFields: NONE,
  subject: undefined,
  keyId: undefined,
}

/** Asks for all that a Service wants to see of its clients: their token, then the rest. */
export function askProofs(
  service: TableService,
  asked: Asked,
  note?: (step: Step) => void,
): Proven | Reply | Wait {
  const { tokenCheck } = service
  const { access: policy } = service.record
  const { head, peer, passage, authority, query, table, state } = asked
  if (tokenCheck === undefined) note?.({ step: 'token', service, answer: undefined })
  if (tokenCheck === undefined && policy === undefined) return NOTHING
  const credentialOf = (key: string) => table.credential(key, passage.host)
  const token = tokenCheck && askToken(tokenCheck, head, query, state.tokenVerdict, credentialOf)
  if (token !== undefined) note?.({ step: 'token', service, answer: token })
  if (token?.type === 'refused') return { type: 'reply', error: token.error, passage }
  if (token?.type === 'wait') {
    return { type: 'wait', for: { type: 'token', question: token.question }, passage }
  }
  if (policy === undefined) return provenBy(token, undefined)
  const uri = passage.path + query
  const authAsk = () => authAskOf(head, peer, { service, passage, authority, uri })
  const access = askAccess(policy, { head, query, credentialOf, authAsk, reader: state.access })
  note?.({ step: 'access', service, answer: access })
  if (access.type === 'wait') return { type: 'wait', for: access.for, passage }
  if (access.type === 'admitted') return provenBy(token, access)
  const { error, fields, given } = access
  return { type: 'reply', error, passage, ...(fields && { fields }), ...(given && { given }) }
}

function provenBy(
  token: Extract<TokenVerdict, { type: 'admitted' }> | undefined,
  access: Extract<AccessAnswer, { type: 'admitted' }> | undefined,
): Proven {
  return {
    type: 'proven',
    fields: [...(token?.fields ?? NONE), ...(access?.fields ?? NONE)],
    answerFields: access?.answerFields ?? NONE,
    subject: token?.subject,
    keyId: access?.keyId,
  }
}
