import { afterAll, beforeAll, describe } from 'vitest'
import { findClusterBinaries } from '../../infra/dev/cluster-binaries.ts'
import { Cluster } from './cluster.ts'

const START_TIMEOUT_MS = 120_000

/**
 * A suite with a cluster of its own, shared by the tests of one file: a start costs about four seconds, a namespace
 * next to nothing. Skipped, with a line that says why, where there can be no cluster; with CI set that is a failure.
 */
export function onCluster(
  title: string,
  define: (cluster: () => Cluster) => void,
  { nodes = 3 }: { nodes?: number } = {},
): void {
  const place = placeOfCluster()
  if (!place.found) {
    if (process.env.CI === 'true') throw new Error(`Cannot start a cluster: ${place.reason}`)
    console.warn(`Skipped: ${title}: ${place.reason}`)
  }
  describe.skipIf(!place.found)(title, () => {
    let running: Cluster | undefined
    beforeAll(async () => {
      if (place.found) running = await Cluster.start({ binaries: place.folder, nodes })
    }, START_TIMEOUT_MS)
    afterAll(async () => {
      await running?.stop()
    })
    define(() => {
      if (running === undefined) throw new Error('The cluster has not been started yet')
      return running
    })
  })
}

function placeOfCluster(): ReturnType<typeof findClusterBinaries> {
  if (process.env.POSTERN_TEST_NETNS !== '1') {
    return { found: false, reason: 'Pods have addresses only in the network namespace that npm test makes' }
  }
  return findClusterBinaries(process.env, (line) => console.warn(line))
}
