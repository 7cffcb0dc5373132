import * as v from 'valibot'
import { list } from './meta.ts'

const expression = v.object({
  key: v.string(),
  operator: v.picklist(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: list(v.string()),
})

/** meta/v1 LabelSelector. */
export const selector = v.object({
  matchLabels: v.nullish(v.record(v.string(), v.string()), {}),
  matchExpressions: list(expression),
})

/** Null and absent are the empty selector. */
export const labelSelectorSchema = v.nullish(selector, {})

export type LabelSelector = v.InferOutput<typeof labelSelectorSchema>

type Labels = Readonly<Record<string, string>>

/** Whether a LabelSelector picks an object. An empty one picks everything. */
export function matchesSelector({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels[requirement.key]))
  )
}

function meets({ operator, values }: v.InferOutput<typeof expression>, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}
