/** Prometheus text of one process. */
export interface MetricsPart {
  /** What each of its samples is labelled with; undefined: nothing. */
  readonly worker: number | undefined
  readonly text: string
}

interface Family {
  readonly comments: readonly string[]
  readonly samples: string[]
}

/** One text of several: each family once, with the samples of all, since Prometheus takes no family twice. */
export function mergeMetrics(parts: readonly MetricsPart[]): string {
  const families = new Map<string, Family>()
  for (const { worker, text } of parts) {
    for (const [name, { comments, samples }] of familiesOf(text)) {
      const family = families.get(name) ?? { comments, samples: [] }
      families.set(name, family)
      for (const sample of samples)
        family.samples.push(worker === undefined ? sample : labelled(sample, worker))
    }
  }
  const lines = [...families.values()].flatMap(({ comments, samples }) => [...comments, ...samples])
  return lines.map((line) => `${line}\n`).join('')
}

function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, { comments: string[]; samples: string[] }>()
  let current = { comments: [] as string[], samples: [] as string[] }
  for (const line of text.split('\n')) {
    const [, name] = /^# (?:HELP|UNIT|TYPE) (\S+)/.exec(line) ?? []
    if (name !== undefined) {
      current = families.get(name) ?? { comments: [], samples: [] }
      families.set(name, current)
      current.comments.push(line)
    } else if (line !== '' && !line.startsWith('#')) current.samples.push(line)
  }
  return families
}

/** `name 1` or `name{label="value"} 1`: a name holds neither a space nor a brace. */
function labelled(sample: string, worker: number): string {
  const end = sample.search(/[ {]/)
  const [name, rest] = [sample.slice(0, end), sample.slice(end)]
  const label = `worker="${worker}"`
  return rest.startsWith('{') ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`
}
