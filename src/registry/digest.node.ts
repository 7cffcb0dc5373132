import { hash } from 'node:crypto'
import type { Digest } from './digest.ts'

/** Node's SHA-256. */
export const nodeDigest: Digest = (data) => hash('sha256', data, 'hex')
