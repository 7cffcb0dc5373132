import Table from 'cli-table3'
import type { RouteStatus } from '../gateway/route-status.ts'
import { pageOf } from '../model/catalogue/page-name.ts'
import { counted } from '../model/counted.ts'
import type { Problem, Severity } from '../model/problem.ts'
import type { Inspection } from './inspect.ts'
import type { Place, ServiceNames } from './names.ts'

/** `postern check`, for people. */
export function formatProblems({ problems, services }: Inspection): string {
  const blocks = problems.map((problem) => {
    const object = problem.namespace === '' ? problem.name : `${problem.namespace}/${problem.name}`
    const field = problem.field === '' ? '' : `, ${problem.field}`
    const place = problem.file === undefined ? '' : `  ${placeOf(problem)}\n`
    const head = `${problem.severity} ${problem.code}: ${problem.kind} ${object}${field}`
    return `${head}\n${place}  ${problem.message}\n  ${problem.hint}\n  See ${pageOf(problem.code)}\n`
  })
  const count = (severity: Severity): string => {
    const found = problems.filter((problem) => problem.severity === severity).length
    return counted(found, severity)
  }
  const summary = `${count('error')}, ${count('warning')}, ${count('info')} in ${counted(services, 'Service')}`
  return [...blocks, summary].map(printable).join('\n')
}

/** A manifest's text may hold what a terminal would obey, or turn around: shown as it would be escaped. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\n' ? character : `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
}

/** `postern check --json`. */
export function problemsJson({ problems }: Inspection): string {
  return JSON.stringify({ problems: problems.map(plainProblem) }, undefined, 2)
}

/** `postern routes`, for people. */
export function formatRoutes(routes: readonly RouteStatus[]): string {
  if (routes.length === 0) return 'No Service is exposed: annotate one with postern.dev/expose: "true".'
  const table = new Table({
    head: ['HOST', 'PATH', 'SERVICE', 'TARGET', 'ENDPOINTS', 'PROBLEM'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: BARE,
  })
  for (const route of routes) {
    const path = route.pathType === 'exact' ? `${route.path} (exact)` : route.path
    table.push([
      route.host,
      path,
      route.service ?? '-',
      route.target ?? '-',
      route.endpoints,
      route.problem ?? '',
    ])
  }
  return table.toString()
}

/** `postern routes --json`. */
export function routesJson(routes: readonly RouteStatus[]): string {
  return JSON.stringify({ routes }, undefined, 2)
}

/** `postern names`, for people: a line for each name. */
export function formatNames(services: readonly ServiceNames[]): string {
  if (services.length === 0) return 'There is no Service.'
  const table = new Table({
    head: ['SERVICE', 'NAME OF', 'INSIDE', 'OUTSIDE'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: BARE,
  })
  for (const { namespace, name, inside, clusterSet, outside, pods } of services) {
    const [first = '-', ...more] = outside.map(formatPlace)
    table.push([`${namespace}/${name}`, 'service', inside?.name ?? '-', first])
    for (const place of more) table.push(['', '', '', place])
    for (const srv of inside?.srv ?? []) table.push(['', `port ${srv.port}`, srv.name, ''])
    if (clusterSet !== null) table.push(['', 'cluster set', clusterSet.name, ''])
    for (const srv of clusterSet?.srv ?? []) table.push(['', `port ${srv.port}`, srv.name, ''])
    for (const pod of pods) table.push(['', `pod ${pod.pod ?? '-'}`, pod.inside ?? '-', pod.outside ?? '-'])
  }
  return table.toString()
}

/** `postern names --json`. */
export function namesJson(services: readonly ServiceNames[]): string {
  return JSON.stringify({ services }, undefined, 2)
}

function formatPlace({ host, path, pathType }: Place): string {
  return `${host}${path === '/' && pathType === 'prefix' ? '' : path}${pathType === 'exact' ? ' (exact)' : ''}`
}

const BARE = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left']
    .concat(['left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((part) => [part, '']),
)

/** `shop.yaml:12`, as editors and terminals make links of it. */
export function placeOf({ file, line }: Problem<string>): string {
  return line === undefined ? `${file}` : `${file}:${line}`
}

function plainProblem(problem: Problem<string>): Problem<string> {
  const { code, severity, kind, namespace, name, field, message, hint, host, file, line } = problem
  return { code, severity, kind, namespace, name, field, message, hint, host, file, line }
}
