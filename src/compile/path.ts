import { normalisePath } from '../model/path.ts'
import { isAmbiguous, readingsOf } from '../model/path-readings.ts'
import type { AnnotationParse } from './annotation.ts'

/** A path of a rule, in the form in which requests are matched. */
export function parsePath(text: string): AnnotationParse<string> {
  const path = text.trim()
  if (!path.startsWith('/')) return { ok: false, reason: 'does not start with "/"' }
  if (/[^!$%&'()*+,\-./0-9:;=@A-Z_a-z~]/.test(path)) {
    return { ok: false, reason: 'holds a character that no path can have (RFC 3986 §3.3); percent-encode it' }
  }
  if (path.includes('//') || /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) {
    return { ok: false, reason: 'holds an empty segment or a dot segment, which requests never match' }
  }
  const normal = normalisePath(path)
  if (normal === undefined)
    return { ok: false, reason: 'holds a broken escape, or one of a control character' }
  if (isAmbiguous(normal) && readingsOf(normal)?.size !== 1) {
    return {
      ok: false,
      reason: 'holds ";" or an escape that servers read differently: no rule could be kept by such a path',
    }
  }
  return { ok: true, value: normal }
}
