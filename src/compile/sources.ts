import { parseCidr } from '../model/address.ts'
import { excerpt } from '../model/excerpt.ts'
import type { Service } from '../model/objects/service.ts'
import { compareText } from '../model/problem.ts'
import { annotationField, serviceProblem } from './annotations.ts'
import type { Part } from './output.ts'

/** Older than the field, and read by the load balancers of every cloud. */
const ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges'

interface Asked {
  readonly name: string
  readonly texts: readonly string[]
  readonly fieldOf: (index: number) => string
}

/** `spec.loadBalancerSourceRanges`, else the annotation: the blocks that clients may come from; none means everyone. */
export function sourcesOf(service: Service): Part<readonly string[]> {
  const { name, texts, fieldOf } = askedOf(service)
  const wrong = texts.findIndex((text) => parseCidr(text) === undefined)
  if (wrong < 0) return { ok: true, value: [...new Set(texts)].sort(compareText) }
  const problem = serviceProblem(service, {
    code: 'field-invalid',
    severity: 'error',
    field: fieldOf(wrong),
    message: `Cannot read ${name}: "${excerpt(texts[wrong] ?? '', 100)}" is no CIDR block`,
    hint: 'Write blocks such as 203.0.113.0/24 or 2001:db8::/32. Until then the hostnames answer 503.',
  })
  return { ok: false, problem }
}

/** As cloud providers read them (kubernetes/cloud-provider, GetLoadBalancerSourceRanges): the field wins, blank is none. */
function askedOf({ spec, meta }: Service): Asked {
  const texts = spec.loadBalancerSourceRanges.map((text) => text.trim())
  if (texts.length > 0) {
    const name = 'loadBalancerSourceRanges'
    return { name, texts, fieldOf: (index) => `spec.${name}[${index}]` }
  }
  const text = meta.annotations[ANNOTATION]?.trim() ?? ''
  return {
    name: ANNOTATION,
    texts: text === '' ? [] : text.split(',').map((each) => each.trim()),
    fieldOf: () => annotationField(ANNOTATION),
  }
}
