import { ExternalNames } from '../../src/gateway/external-names.ts'
import type { nameServer } from '../../src/gateway/name-server.node.ts'
import type { Cidr } from '../../src/model/address.ts'
import { systemClock } from '../../src/model/clock.node.ts'
import { say } from './say.ts'

interface NamesConfig {
  readonly externalCidrs: readonly Cidr[]
  readonly deniedExternalCidrs: readonly Cidr[]
}

/** Where names outside the cluster lead, as far as the operator lets them. */
export function createExternalNames(
  { externalCidrs, deniedExternalCidrs }: NamesConfig,
  resolve: ReturnType<typeof nameServer>,
  isNode: (address: string) => boolean,
): ExternalNames {
  const reach = { allowedCidrs: externalCidrs, deniedCidrs: deniedExternalCidrs, isNode }
  return new ExternalNames({ clock: systemClock, resolve, reach, onTrouble: say })
}
