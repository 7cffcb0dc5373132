import { isAlias, isMap, isNode, isSeq, LineCounter, parseAllDocuments, type Node as YamlNode } from 'yaml'
import type { KubeObject } from '../model/objects/object.ts'
import { parseObject } from '../model/objects/object.ts'
import type { Problem } from '../model/problem.ts'
import { locate, type Place, placeOf } from './place.ts'

/** An object and where it stands. */
export interface Located {
  readonly object: KubeObject
  readonly place: Place
}

export interface ParsedManifest {
  readonly objects: readonly Located[]
  readonly problems: readonly Problem[]
  /** False when some of the text could not be read: the objects are not all that it was meant to hold. */
  readonly isWhole: boolean
}

const LIST_KINDS = /^[A-Za-z]*List$/

/**
 * Reads a manifest: YAML or JSON, several documents, Lists unfolded, kinds that Postern does not read left out.
 * Never throws; a fault of syntax names its line.
 */
export function parseManifest(text: string, file: string): ParsedManifest {
  const lines = new LineCounter()
  const objects: Located[] = []
  const problems: Problem[] = []
  let isWhole = true
  for (const document of parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  })) {
    const [error] = document.errors
    if (error !== undefined) {
      problems.push(syntaxProblem(file, lines.linePos(error.pos[0]).line, reasonOf(error, text)))
      isWhole = false
      continue
    }
    let items: readonly RawObject[]
    try {
      items = unfold(document.contents, document.toJS.bind(document))
    } catch (error) {
      // Aliases nested to exhaust memory ("billion laughs") are refused by the parser here.
      const line = lines.linePos(document.range[0]).line
      problems.push(syntaxProblem(file, line, error instanceof Error ? reasonOf(error, text) : String(error)))
      isWhole = false
      continue
    }
    for (const { raw, node } of items) {
      const place = placeOf(file, node, lines)
      const parsed = parseObject(raw)
      if (parsed.type === 'object') objects.push({ object: parsed.object, place })
      if (parsed.type === 'problems')
        problems.push(...parsed.problems.map((problem) => locate(problem, place)))
    }
  }
  return { objects, problems, isWhole }
}

interface RawObject {
  readonly raw: unknown
  readonly node: YamlNode | null
}

function unfold(contents: unknown, toJS: () => unknown): RawObject[] {
  if (contents === null) return []
  const node = isNode(contents) ? contents : null
  const raw = toJS()
  // `---` with nothing but comments below it.
  if (raw === null) return []
  const items = raw !== null && typeof raw === 'object' && 'items' in raw ? raw.items : undefined
  const kind = raw !== null && typeof raw === 'object' && 'kind' in raw ? raw.kind : undefined
  if (typeof kind !== 'string' || !LIST_KINDS.test(kind) || !Array.isArray(items)) return [{ raw, node }]
  const sequence = isMap(node) ? node.get('items') : undefined
  return items.map((item: unknown, index) => {
    const itemNode = isSeq(sequence) ? sequence.items[index] : undefined
    return { raw: withType(item, kind, raw), node: isMap(itemNode) || isAlias(itemNode) ? itemNode : node }
  })
}

/** Items of a typed list (`ServiceList`) may leave out their kind. */
function withType(item: unknown, listKind: string, list: unknown): unknown {
  if (listKind === 'List' || item === null || typeof item !== 'object' || 'kind' in item) return item
  const apiVersion =
    list !== null && typeof list === 'object' && 'apiVersion' in list ? list.apiVersion : undefined
  return { apiVersion, kind: listKind.slice(0, -'List'.length), ...item }
}

/** What the parser says may repeat some of the text: not of a file with a Secret in it, wherever the fault is. */
function reasonOf({ name, message }: Error & { readonly code?: string }, text: string): string {
  return /\bSecret/.test(text) ? `${name}, of which no more is shown beside a Secret` : message
}

function syntaxProblem(file: string, line: number, message: string): Problem {
  return {
    code: 'yaml-syntax',
    severity: 'error',
    kind: 'Manifest',
    namespace: '',
    name: file,
    field: `line ${line}`,
    message: `Cannot parse ${file}, line ${line}: ${message}`,
    hint: 'Mend the YAML. The other documents and files are read; what this file held before stays in force.',
    file,
    line,
  }
}
