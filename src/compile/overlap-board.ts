import { compareText, type Problem } from '../model/problem.ts'
import type { PathMatch, RouteRecord, Rule, RuleAction } from '../model/records.ts'
import { annotationField } from './annotations.ts'
import type { ProblemBook } from './problem-book.ts'
import { annotations } from './schema.ts'

/** How many paths are named. */
const SHOWN = 5

/** Hosts below wildcards: the more specific one owns all of its paths, which takes the others away from the wildcard. */
export class OverlapBoard {
  readonly #book: ProblemBook
  readonly #routes = new Map<string, RouteRecord>()
  /** Hosts that are routed, by each wildcard that spans them, routed or not. */
  readonly #below = new Map<string, Set<string>>()
  readonly #dirty = new Set<string>()

  constructor(book: ProblemBook) {
    this.#book = book
  }

  replace(host: string, route: RouteRecord | undefined): void {
    if (route === undefined) this.#routes.delete(host)
    else this.#routes.set(host, route)
    for (const wildcard of wildcardsOver(host)) {
      const hosts = this.#below.get(wildcard) ?? new Set<string>()
      if (route !== undefined) this.#below.set(wildcard, hosts.add(host))
      else if (hosts.delete(host) && hosts.size === 0) this.#below.delete(wildcard)
    }
    this.#dirty.add(host)
    for (const below of this.#below.get(host) ?? []) this.#dirty.add(below)
  }

  settle(): void {
    for (const host of this.#dirty) {
      const route = this.#routes.get(host)
      this.#book.replace(`overlap ${host}`, route === undefined ? [] : this.#find(route))
    }
    this.#dirty.clear()
  }

  #find({ host, rules }: RouteRecord): Problem[] {
    const [first] = rules
    const wide = wildcardsOver(host).find((wildcard) => this.#routes.has(wildcard))
    const over = wide === undefined ? undefined : this.#routes.get(wide)
    // A tenant learns nothing of another's namespace; and two teams do not forget each other's paths.
    if (first === undefined || over?.rules[0]?.origin.namespace !== first.origin.namespace) return []
    const lost = over.rules.filter(({ path }) => !rules.some((rule) => covers(rule.path, path)))
    const own = new Set(rules.map(({ origin }) => origin.name))
    const others = lost.filter(({ origin, action }) => !own.has(origin.name) && !isForPods(action))
    return others.length === 0 ? [] : [overlap(host, first, over.host, others)]
  }
}

/** The names of a headless Service's Pods: another host among them takes none of their paths away. */
function isForPods(action: RuleAction): boolean {
  return action.type === 'forward' && action.endpoint !== undefined
}

/** The wildcards that span a host, the nearest first. */
function wildcardsOver(host: string): string[] {
  const labels = host.replace(/^\*\./, '').split('.')
  // An exact name is spanned by its parent's wildcard; a wildcard by those above its own.
  return labels.slice(1).map((_label, i) => `*.${labels.slice(i + 1).join('.')}`)
}

function covers(own: PathMatch, path: PathMatch): boolean {
  if (own.type === 'exact') return path.type === 'exact' && own.value === path.value
  const prefix = own.value.replace(/\/$/, '')
  return path.value === own.value || path.value.startsWith(`${prefix}/`)
}

function overlap(host: string, first: Rule, wildcard: string, lost: readonly Rule[]): Problem {
  const paths = lost.map(({ path, origin }) => `${path.value} (Service ${origin.name})`)
  const others = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : ''
  return {
    code: 'host-overlap',
    severity: 'warning',
    ...first.origin,
    field: annotationField(annotations.host.name),
    message: `${host} answers 404 on paths that ${wildcard} has: ${paths.sort(compareText).slice(0, SHOWN).join(', ')}${others}`,
    hint: `Nothing falls through from a host to a wildcard: list ${host} on these Services too, or drop it here.`,
    host,
  }
}
