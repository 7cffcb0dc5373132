import { readFileSync } from 'node:fs'
import * as v from 'valibot'

/** Who asked for what, of the programs that run in the cluster. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }],
}

const eventSchema = v.object({
  user: v.object({ username: v.string() }),
  verb: v.string(),
  requestURI: v.string(),
  objectRef: v.optional(
    v.object({
      resource: v.optional(v.string(), ''),
      apiGroup: v.optional(v.string(), ''),
      namespace: v.optional(v.string(), ''),
      name: v.optional(v.string(), ''),
    }),
  ),
  responseStatus: v.object({ code: v.number() }),
  annotations: v.optional(v.record(v.string(), v.string()), {}),
})

/** One request at one stage (audit.k8s.io/v1 Event). */
export type AuditEvent = v.InferOutput<typeof eventSchema>

export function readAudit(file: string): readonly AuditEvent[] {
  // The last line may still be written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => v.parse(eventSchema, JSON.parse(line)))
}
