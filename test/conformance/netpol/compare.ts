import { seededRandom } from '../../support/seeded-random.ts'
import { judge, type Verdicts } from './cyclonus.ts'
import { decide } from './postern.ts'
import { type Ask, makeScene, type Scene, type ScenePod } from './scenes.ts'

export interface Comparison {
  /** Compared with cyclonus as it is. */
  readonly compared: number
  /** Of those, how many were admitted: if nearly all or none, the cases prove little. */
  readonly admitted: number
  /**
   * Compared only after the API's own library had selected the policies: cyclonus has NotIn pick no object that lacks
   * the label (`IsMatchExpressionMatchForLabels`), while the API says that it does
   * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#set-based-requirement); and it has an empty
   * value in matchLabels pick those that lack it.
   */
  readonly selectedByApi: number
  /**
   * Not compared: the Pod is on its Node's network, of which cyclonus knows nothing. The API leaves those to the
   * implementation (https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods),
   * and Postern admits everyone.
   */
  readonly hostNetwork: number
  readonly differences: readonly Difference[]
}

export interface Difference extends Ask {
  readonly pod: ScenePod
  readonly policies: readonly object[]
  readonly postern: boolean
  readonly expected: boolean
}

/** Makes as many scenes of a seed, and has both decide on every Pod and client of each. */
export function compare(program: string, seed: number, count: number): Comparison {
  const random = seededRandom(seed)
  const scenes = Array.from({ length: count }, () => makeScene(random))
  const answers = judge(program, scenes)
  const counts = { compared: 0, admitted: 0, selectedByApi: 0, hostNetwork: 0 }
  const differences: Difference[] = []
  scenes.forEach((scene, i) => {
    const decided = decide(scene)
    scene.pods.forEach((pod, j) => {
      const verdicts = answers[i]?.[j]
      const own = decided[j]
      if (verdicts === undefined || own === undefined) throw new Error(`No answer to scene ${i}`)
      const expected = expectedOf(pod, verdicts)
      const kind = kindOf(pod, verdicts)
      counts[kind] += own.length
      if (kind === 'compared') counts.admitted += own.filter((isAdmitted) => isAdmitted).length
      differences.push(...differencesOf(scene, pod, own, expected))
    })
  })
  return { ...counts, differences }
}

function kindOf({ spec }: ScenePod, { isDisputed }: Verdicts): 'hostNetwork' | 'selectedByApi' | 'compared' {
  if (spec.hostNetwork) return 'hostNetwork'
  return isDisputed ? 'selectedByApi' : 'compared'
}

function expectedOf(pod: ScenePod, verdicts: Verdicts): readonly boolean[] {
  switch (kindOf(pod, verdicts)) {
    case 'hostNetwork':
      return verdicts.cyclonus.map(() => true)
    case 'selectedByApi':
      return verdicts.api
    case 'compared':
      return verdicts.cyclonus
  }
}

function differencesOf(
  { policies, asks }: Scene,
  pod: ScenePod,
  own: readonly boolean[],
  expected: readonly boolean[],
): Difference[] {
  return asks.flatMap((ask, k) => {
    const [postern, other] = [own[k], expected[k]]
    if (postern === undefined || other === undefined) throw new Error(`No answer for ${ask.client}`)
    return postern === other ? [] : [{ ...ask, pod, policies, postern, expected: other }]
  })
}
