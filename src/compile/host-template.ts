import { normaliseHost } from '../model/host.ts'

/** How default hostnames are made of a Service's name, its namespace and the operator's domain. */
export interface HostTemplate {
  /** As it was written, lower case. */
  readonly text: string
  /** The labels in front of the domain, left to right. */
  readonly labels: readonly LabelPattern[]
}

/** One label of a template, as what it makes can be told again. */
export interface LabelPattern {
  /** Its group `namespace` is the namespace, where this label holds it. */
  readonly matches: RegExp
}

export type HostTemplateParse =
  | { readonly ok: true; readonly value: HostTemplate }
  | { readonly ok: false; readonly reason: string }

const PLACEHOLDERS = ['service', 'namespace', 'domain'] as const
const END = '.{domain}'
const NAME = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
/** A name without two hyphens in a row: what stands before `--` ends where `--` begins. */
const NAME_BEFORE_HYPHENS = '[a-z0-9]+(?:-[a-z0-9]+)*'

/**
 * Reads a template such as `{service}.{namespace}.{domain}`. From each hostname that it makes, the namespace can be
 * told again: otherwise one tenant's Service could be made to have the default hostname of another's.
 * @returns every fault, joined, when it is no such template.
 */
export function parseHostTemplate(input: string): HostTemplateParse {
  const text = input.trim().toLowerCase()
  const faults = [...placeholderFaults(text), ...literalFaults(text)]
  if (!text.endsWith(END)) faults.push(`does not end with ${END}`)
  if (faults.length === 0) faults.push(...separatorFaults(text), ...shapeFaults(text))
  if (faults.length > 0) return { ok: false, reason: faults.join('; ') }
  const labels = text.slice(0, -END.length).split('.').map(patternOf)
  return { ok: true, value: { text, labels } }
}

/** What the template makes; it need not be a hostname: a label may come to more than 63 characters. */
export function renderHost(
  { text }: HostTemplate,
  service: string,
  namespace: string,
  domain: string,
): string {
  const values: Readonly<Record<string, string>> = { service, namespace, domain }
  return text.replace(/\{([^{}]*)\}/g, (whole, name: string) => values[name] ?? whole)
}

function placeholderFaults(text: string): string[] {
  const used = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  const faults = PLACEHOLDERS.flatMap((name) => {
    const count = used.filter((each) => each === name).length
    return count === 1 ? [] : [count === 0 ? `lacks {${name}}` : `holds {${name}} more than once`]
  })
  const unknown = used.filter((name) => !PLACEHOLDERS.some((known) => known === name))
  return [...faults, ...unknown.map((name) => `{${name}} is none of {service}, {namespace} and {domain}`)]
}

function literalFaults(text: string): string[] {
  const odd = text.replace(/\{[^{}]*\}/g, '').match(/[^a-z0-9.-]/g)
  return odd === null ? [] : [`"${[...new Set(odd)].join('')}" cannot stand in a hostname`]
}

/** Names hold no dot, and begin and end with no hyphen. A single hyphen they may hold: a-b + c and a + b-c are one. */
function separatorFaults(text: string): string[] {
  const between = /\{(?:service|namespace)\}(.*)\{(?:service|namespace)\}/.exec(text)?.[1] ?? ''
  if (between.includes('.') || between === '--') return []
  const [one, other] = ['a-b', 'a'].map((service, i) =>
    text
      .replace('{service}', service)
      .replace('{namespace}', i === 0 ? 'c' : 'b-c')
      .replace(END, ''),
  )
  const example =
    one === other ? `: Service a-b of namespace c and Service a of b-c would both be ${one}` : ''
  return [
    `"${between}" between {service} and {namespace} does not tell them apart${example}; use "." or "--"`,
  ]
}

function shapeFaults(text: string): string[] {
  const sample = text.replace(/\{[^{}]*\}/g, 'x')
  return normaliseHost(sample) === sample ? [] : [`what it makes, such as "${sample}", is no hostname`]
}

function patternOf(label: string): LabelPattern {
  const holdsBoth = label.includes('{service}') && label.includes('{namespace}')
  let isFirst = true
  const source = label.replace(/\{([^{}]*)\}/g, (_whole, name: string) => {
    const pattern = holdsBoth && isFirst ? NAME_BEFORE_HYPHENS : NAME
    isFirst = false
    return `(?<${name}>${pattern})`
  })
  return { matches: new RegExp(`^${source}$`) }
}
