import { hash } from 'node:crypto'
import type { Digest } from './digest.ts'

/** Node's SHA-256. */
export const nodeDigest: Digest = (bytes) => hash('sha256', bytes, 'buffer')
