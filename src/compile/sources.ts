import { parseCidr } from '../model/address.ts'
import type { Service } from '../model/objects/service.ts'
import { compareText } from '../model/problem.ts'
import { serviceProblem } from './annotations.ts'
import type { Part } from './output.ts'

/** `spec.loadBalancerSourceRanges`: the blocks that clients may come from; none means everyone. */
export function sourcesOf(service: Service): Part<readonly string[]> {
  const texts = service.spec.loadBalancerSourceRanges.map((text) => text.trim())
  const wrong = texts.findIndex((text) => parseCidr(text) === undefined)
  if (wrong < 0) return { ok: true, value: [...new Set(texts)].sort(compareText) }
  const problem = serviceProblem(service, {
    code: 'field-invalid',
    severity: 'error',
    field: `spec.loadBalancerSourceRanges[${wrong}]`,
    message: `Cannot read loadBalancerSourceRanges: "${texts[wrong]?.slice(0, 100)}" is no CIDR block`,
    hint: 'Write blocks such as 203.0.113.0/24 or 2001:db8::/32. Until then the hostnames answer 503.',
  })
  return { ok: false, problem }
}
