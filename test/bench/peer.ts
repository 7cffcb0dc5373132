import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from './stage.ts'

/** The proxies under test run on one core; the backend and the load on the other. */
export const proxyCore = 0
export const loadCore = 1

export const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/bench')

/** A proxy that answers on a loopback port. */
export interface Subject {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** How many hosts it knows. */
  readonly hosts: number
}

/** The program of a peer, or why there is none here. */
export type Found =
  | { readonly found: true; readonly program: string }
  | { readonly found: false; readonly reason: string }

/** A proxy that can be started. */
export interface Peer {
  readonly name: string
  readonly hosts: number
  /** Looks for its program, and builds or fetches it where that is how it is had. */
  find(): Promise<Found>
  /** @returns its process */
  start(stage: Stage, port: number, program: string): Promise<number>
}

/** Says why a command cannot run here; undefined when it can. */
export function commandAbsence(command: string, flag: string): string | undefined {
  return spawnSync(command, [flag], { stdio: 'ignore' }).error?.message
}

/** Looks for a command that this machine has, or has not. */
export function findCommand(command: string, flag: string): Promise<Found> {
  const reason = commandAbsence(command, flag)
  return Promise.resolve(reason === undefined ? { found: true, program: command } : { found: false, reason })
}

export function fixture(name: string): string {
  return join(fixtures, name)
}

/** Fills the `{{name}}` places of a fixture and writes it into the stage's folder. @returns its path there */
export function writeFixture(
  stage: Stage,
  name: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const filled = readFileSync(fixture(name), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key]
    if (value === undefined) throw new Error(`Cannot fill ${name}: no value for ${key}`)
    return String(value)
  })
  const path = join(stage.folder, name)
  writeFileSync(path, filled)
  return path
}
