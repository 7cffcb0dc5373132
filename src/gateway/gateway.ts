import type { Place } from '../balance/place.ts'
import { compareProblems, type Problem } from '../model/problem.ts'
import { type FollowOptions, follow } from '../registry/follow.ts'
import type { Head } from '../registry/head.ts'
import { type RouteStatus, routeStatuses } from './route-status.ts'
import { Table } from './table.ts'

export interface GatewayOptions extends Pick<FollowOptions, 'reader' | 'timers' | 'random' | 'digest'> {
  /** Where it stands: for endpoints that are meant for callers there. */
  readonly place: Place
  /** What goes wrong while following: the last table stays in force. */
  readonly onTrouble: (error: Error) => void
  /** A newer table or a change is in force. */
  readonly onTable: (head: Head) => void
  /** Told when something newer is about to be taken in; what it returns is called once that is in force. */
  readonly onNews?: (head: Head) => () => void
}

/** The stateless heart of a gateway: follows the registry, and holds the table that requests are planned on. */
export class Gateway {
  readonly #options: GatewayOptions
  #table: Table | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  /** The table in force; undefined until one has been loaded whole. */
  get table(): Table | undefined {
    return this.#table
  }

  /** Follows until aborted. */
  run(signal: AbortSignal): Promise<void> {
    const { onTable, onNews, place, ...options } = this.#options
    const { onTrouble } = options
    return follow({
      ...options,
      signal,
      onLoad: (records, head) => {
        const inForce = onNews?.(head)
        // Built beside the old table, and swapped whole.
        const table = new Table(place)
        const troubles = table.apply(records)
        this.#table = table
        inForce?.()
        for (const trouble of troubles) onTrouble(trouble)
        onTable(head)
      },
      onChanges: (changes, head) => {
        const inForce = onNews?.(head)
        const troubles = this.#table?.apply(changes) ?? []
        inForce?.()
        for (const trouble of troubles) onTrouble(trouble)
        onTable(head)
      },
    })
  }

  routes(): RouteStatus[] {
    return this.#table === undefined ? [] : routeStatuses(this.#table)
  }

  problems(): Problem<string>[] {
    return this.#table?.problems().sort(compareProblems) ?? []
  }
}
