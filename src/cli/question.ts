import { type Question, STRANGER } from '../gateway/explain/request.ts'
import type { Given } from './inputs.ts'

/** How a request is written down: as for curl, and without variables. */
export const questionOptions = {
  from: {
    usage: '--from [ADDRESS]',
    description: `the address that the connection comes from [default ${STRANGER}, a stranger]`,
  },
  request: { usage: '-X, --request [METHOD]', description: 'the method [default GET]' },
  header: { usage: '-H, --header [NAME: VALUE]', description: 'a field of the request; repeatable' },
} as const

/** The request in question; what it holds is read where it is asked. */
export function readQuestionOptions(
  url: string | undefined,
  { from, request, header }: Given,
  faults: string[],
): Question | undefined {
  if (url === undefined) faults.push('URL is missing: which request?')
  if (from === true) faults.push('--from needs a value: ADDRESS')
  if (request === true) faults.push('--request needs a value: METHOD')
  const headers = Array.isArray(header) ? header.map(String) : []
  if (header === true || headers.includes('true')) faults.push('--header needs a value: NAME: VALUE')
  if (url === undefined) return undefined
  return { url, from: textOr(from, STRANGER), method: textOr(request, 'GET'), headers }
}

function textOr(given: unknown, otherwise: string): string {
  return typeof given === 'string' ? given : otherwise
}
