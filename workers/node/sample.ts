import { fileURLToPath } from 'node:url'
import { startShopPods } from '../../examples/shop/pods.ts'

/** The small shop that `postern up` shows when it is given nothing else. */
export const SAMPLE_MANIFESTS = fileURLToPath(new URL('../../examples/shop/manifests', import.meta.url))

/** Starts real HTTP servers as the sample's Pods. */
export function startSample(): Promise<{ close(): Promise<void> }> {
  return startShopPods()
}
