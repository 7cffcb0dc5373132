import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../../fixtures/bench/cluster')
const place = /("\{\{!\w+\}\}"|\{\{\w+\}\})/

/** Makes JSON texts of one shape. A value goes in as it is: no character of it may need escaping. */
export type Template<Field extends string> = (values: Readonly<Record<Field, string>>) => string

/**
 * Reads a template from the fixtures: YAML in which `{{field}}` is part of a string, and `"{{!field}}"` stands for JSON.
 * A hundred thousand objects are texts made anew for each list, since to hold them would take half a gigabyte.
 */
export function readTemplate<Field extends string>(name: string, fields: readonly Field[]): Template<Field> {
  const known = new Map<string, Field>(fields.map((field) => [field, field]))
  const parts = JSON.stringify(parse(readFileSync(join(folder, name), 'utf8')))
    .split(place)
    .map((text, at) => {
      if (at % 2 === 0) return { text, field: undefined }
      const field = known.get(text.replace(/\W/g, ''))
      if (field === undefined) throw new Error(`Cannot use template ${name}: nothing fills ${text}`)
      return { text: '', field }
    })
  return (values) => {
    let text = ''
    for (const part of parts) text += part.field === undefined ? part.text : values[part.field]
    return text
  }
}
