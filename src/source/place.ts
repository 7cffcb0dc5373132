import { isMap, isNode, isScalar, isSeq, type LineCounter, type Node as YamlNode } from 'yaml'
import type { Problem } from '../model/problem.ts'

/** Where an object stands. */
export interface Place {
  /** Name of the file, as given. */
  readonly file: string
  /** The line on which the object begins, from 1. */
  readonly line: number
  /** The line of a field, as problems name it; of a field that is not there, the line of what it would be in. */
  readonly lineOf: (field: string) => number
}

/** Lines are looked up when they are asked for: most objects have no problem. */
export function placeOf(file: string, node: YamlNode | null, lines: LineCounter): Place {
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const line = node?.range ? lineAt(node.range[0]) : 1
  return {
    file,
    line,
    lineOf: (field) => {
      const offset = offsetOf(node, stepsOf(field))
      return offset === undefined ? line : lineAt(offset)
    },
  }
}

/** A problem, with where it stands. */
export function locate<Code extends string>(problem: Problem<Code>, { file, lineOf }: Place): Problem<Code> {
  return { ...problem, file, line: lineOf(problem.field) }
}

/** `metadata.annotations["a.b/c"]`, `spec.ports[port=80].targetPort`, `endpoints[3]`, `spec.ports.0.port` → their steps. */
function stepsOf(field: string): string[] {
  return [...field.matchAll(/\["([^"]*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => quoted ?? index ?? name ?? '',
  )
}

/** Follows the steps as far as they go. */
function offsetOf(root: YamlNode | null, steps: readonly string[]): number | undefined {
  let node: unknown = root
  let offset: number | undefined
  for (let i = 0; i < steps.length; ) {
    const next = isMap(node)
      ? member(node, steps.slice(i))
      : isSeq(node)
        ? item(node, steps[i] ?? '')
        : undefined
    if (next === undefined) break
    ;({ node } = next)
    offset = next.offset ?? offset
    i += next.taken
  }
  return offset
}

interface Step {
  readonly node: unknown
  readonly offset: number | undefined
  /** How many steps it took: a name with dots in it may have been cut at them. */
  readonly taken: number
}

function member(map: { readonly items: readonly unknown[] }, steps: readonly string[]): Step | undefined {
  for (const each of map.items) {
    if (each === null || typeof each !== 'object' || !('key' in each)) continue
    const { key } = each
    if (!isScalar(key)) continue
    const taken = steps.findIndex((_step, i) => steps.slice(0, i + 1).join('.') === String(key.value)) + 1
    if (taken > 0) return { node: 'value' in each ? each.value : null, offset: key.range?.[0], taken }
  }
  return undefined
}

/** By place, or by the value of a member. */
function item(sequence: { readonly items: readonly unknown[] }, step: string): Step | undefined {
  const [name = '', value] = step.split('=')
  const found = /^\d+$/.test(step)
    ? sequence.items[Number(step)]
    : sequence.items.find((each) => isMap(each) && String(each.get(name)) === value)
  return isNode(found) ? { node: found, offset: found.range?.[0], taken: 1 } : undefined
}
