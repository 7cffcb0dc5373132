import { normalisePath } from '../model/path.ts'

export interface Target {
  /** In the one form that is matched and forwarded. */
  readonly path: string
  /** With its `?`, or ''. */
  readonly query: string
  /** The authority of an absolute-form target, which overrides Host (RFC 9112 §3.2.2). */
  readonly authority: string | undefined
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)/i

/**
 * Reads a request target (RFC 9112 §3.2): origin form, absolute form, or `*` for OPTIONS.
 * @returns undefined when it is none of these, or its path is none that anybody means
 */
export function parseTarget(target: string, method: string): Target | undefined {
  if (target === '*') return method === 'OPTIONS' ? { path: '*', query: '', authority: undefined } : undefined
  let rest = target
  let authority: string | undefined
  if (!target.startsWith('/')) {
    const absolute = ABSOLUTE.exec(target)
    if (absolute === null) return undefined
    authority = absolute[1] ?? ''
    rest = target.slice(absolute[0].length)
    // RFC 9112 §3.2.4: it asks of the server as a whole.
    if (rest === '' && method === 'OPTIONS') return { path: '*', query: '', authority }
    if (!rest.startsWith('/')) rest = `/${rest}`
  }
  if (rest.includes('#')) return undefined
  const mark = rest.indexOf('?')
  const raw = mark < 0 ? rest : rest.slice(0, mark)
  const path = normalisePath(raw)
  return path === undefined ? undefined : { path, query: mark < 0 ? '' : rest.slice(mark), authority }
}
