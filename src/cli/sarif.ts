import { isAbsolute, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Log, ReportingDescriptor, Result } from 'sarif'
import { catalogue } from '../model/catalogue/catalogue.ts'
import { pageOf } from '../model/catalogue/page-name.ts'
import { type Problem, type ProblemCode, problemCodes, type Severity } from '../model/problem.ts'

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<
  Severity,
  Result.level
>

/** `postern check --format sarif`: SARIF 2.1.0, as code hosts show it beside the lines. */
export function problemsSarif(problems: readonly Problem<string>[], version: string): string {
  const used = problemCodes.filter((code) => problems.some((problem) => problem.code === code))
  const ids: readonly string[] = used
  const log: Log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'postern', version, rules: used.map(ruleOf) } },
        results: problems.map((problem) => resultOf(problem, ids.indexOf(problem.code))),
        columnKind: 'utf16CodeUnits',
      },
    ],
  }
  return JSON.stringify(log, undefined, 2)
}

function ruleOf(code: ProblemCode): ReportingDescriptor {
  const { title, severity, cause, mend } = catalogue[code]
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: cause },
    help: { text: `${cause}\n\n${mend}\n\n${pageOf(code)}`, markdown: `${cause}\n\n${mend}` },
    defaultConfiguration: { level: LEVELS[severity] },
  }
}

function resultOf(problem: Problem<string>, ruleIndex: number): Result {
  const { code, severity, kind, namespace, name, field, message, hint, file, line } = problem
  const object = [kind, namespace, name].filter((part) => part !== '').join('/')
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${message}. ${hint}` },
    locations: [
      {
        ...(file === undefined || file === '-' ? {} : { physicalLocation: physical(file, line) }),
        logicalLocations: [
          { fullyQualifiedName: field === '' ? object : `${object}: ${field}`, kind: 'object' },
        ],
      },
    ],
    // The object, not the line: a problem is the same one when lines are added above it.
    partialFingerprints: { 'object/v1': `${code} ${object} ${field}` },
  }
}

function physical(file: string, line: number | undefined) {
  // Part by part: a name may hold what means something in a URI.
  const uri = isAbsolute(file) ? pathToFileURL(file).href : file.split(sep).map(encodeURIComponent).join('/')
  return {
    artifactLocation: { uri },
    ...(line === undefined ? {} : { region: { startLine: line } }),
  }
}
