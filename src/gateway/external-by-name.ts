import { type ExternalTarget, externalEndpoint } from './external-names.ts'
import type { RoadState } from './road.ts'

/**
 * A platform that resolves names itself, and lets nobody reach but the public internet that way: an ExternalName is its
 * own endpoint.
 */
export const externalByName: Pick<RoadState, 'externalEndpoints'> = {
  externalEndpoints: ({ name, port }: ExternalTarget) => [externalEndpoint(name, port)],
}
