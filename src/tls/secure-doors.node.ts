import type { Server } from 'node:tls'
import type { OpenSecret, SecretPart } from '../model/secret-part.ts'
import type { Scope, SealedIdentity } from './scope.ts'
import { type DoorPolicy, openDoor } from './secure-door.node.ts'
import type { TicketKey } from './ticket-keys.ts'

interface Held {
  readonly scope: Scope
  readonly door: Promise<Server>
}

/** Doors are made when somebody knocks: so many are kept, and those that were used last. Each is 35 KB, and 0.3 ms to make. */
const MAX_DOORS = 2_048

/** Doors by what they are made of. */
export class SecureDoors {
  readonly #held = new Map<string, Held>()
  readonly #policy: DoorPolicy
  readonly #open: OpenSecret
  readonly #maxDoors: number

  constructor(policy: DoorPolicy, open: OpenSecret, maxDoors = MAX_DOORS) {
    this.#policy = policy
    this.#open = open
    this.#maxDoors = maxDoors
  }

  get size(): number {
    return this.#held.size
  }

  /**
   * The door of a scope, made once for all who wait for it. Connections that came by an older one keep what they have.
   * Rejects where it cannot be made; the next to come tries again.
   */
  door(scope: Scope, ticketKey: TicketKey): Promise<Server> {
    // A client that shows an older key's ticket gets a door with that key.
    const id = `${ticketKey.name} ${scope.id}`
    const held = this.#held.get(id)
    this.#held.delete(id)
    const isKept = held !== undefined && isSame(held.scope, scope)
    const used = isKept ? held : this.#make(id, scope, ticketKey)
    this.#held.set(id, used)
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.#maxDoors) break
      this.#held.delete(oldest)
    }
    return used.door
  }

  #make(id: string, scope: Scope, ticketKey: TicketKey): Held {
    const made: Held = { scope, door: this.#openAll(scope, ticketKey) }
    made.door.catch(() => {
      if (this.#held.get(id) === made) this.#held.delete(id)
    })
    return made
  }

  async #openAll(scope: Scope, ticketKey: TicketKey): Promise<Server> {
    const identities = await Promise.all(
      scope.identities.map(async ({ chain, key, recordId }) => ({
        chain,
        key: await this.#open(key, recordId),
      })),
    )
    return openDoor(scope.id, identities, scope.clients, ticketKey, this.#policy)
  }
}

/** By what is in them: a table that was loaded anew holds other objects. */
function isSame(a: Scope, b: Scope): boolean {
  return (
    a.clients?.authority === b.clients?.authority &&
    a.clients?.mode === b.clients?.mode &&
    a.identities.length === b.identities.length &&
    a.identities.every((one, index) => isSameIdentity(one, b.identities[index]))
  )
}

function isSameIdentity({ chain, key }: SealedIdentity, other: SealedIdentity | undefined): boolean {
  return chain === other?.chain && (key === other.key || textOf(key) === textOf(other.key))
}

function textOf(part: SecretPart): string {
  return part.form === 'open' ? part.text : part.jwe
}
