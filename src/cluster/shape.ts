/**
 * The shape of a cluster: how many nodes, and whether its parts run apart. It is remembered in the state folder, as the port is, so that an
 * `up` after everything was killed puts back what was there.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultNodeName } from '../node/agent/node-object.ts'

export type Processes = 'one' | 'several'

export interface Shape {
  readonly nodes: number
  readonly processes: Processes
  /** Simulated nodes, as `up --fake-nodes` has them (node/fake/parse-fake-nodes.ts). */
  readonly fakeNodes?: string
}

/** Their slices of the addresses are large enough for a machine's pods. */
export const MAX_NODES = 16

/** In this order they are started; the server's end is the cluster's. */
const APART = ['server', 'controllers', 'scheduler', 'network', 'agent']

const PLAIN: Shape = { nodes: 1, processes: 'one' }

export const isSameShape = (a: Shape, b: Shape): boolean =>
  a.nodes === b.nodes && a.processes === b.processes && a.fakeNodes === b.fakeNodes

const fileOf = (state: string): string => join(state, 'shape.json')

/** Of the last life; one node in one process before the first. */
export function rememberedShape(state: string): Shape {
  try {
    return { ...PLAIN, ...(JSON.parse(readFileSync(fileOf(state), 'utf8')) as Partial<Shape>) }
  } catch {
    return PLAIN
  }
}

export function rememberShape(state: string, shape: Shape): void {
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const draft = `${fileOf(state)}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(shape)}\n`, { mode: 0o600 })
  renameSync(draft, fileOf(state))
}

/** The names of the nodes beside the first. */
export const furtherNodes = (first: string, count: number): readonly string[] =>
  Array.from({ length: Math.max(0, count - 1) }, (_, index) => `${first}-${index + 2}`)

/** As the spawner is told (node/spawner/arguments.ts). */
export const wordsOf = (
  { nodes, processes, fakeNodes }: Shape,
  first: string = defaultNodeName(),
): readonly string[] => [
  ...(processes === 'several' ? APART.flatMap(part => ['--part', part]) : []),
  ...furtherNodes(first, nodes).flatMap(node => ['--node', node]),
  ...(fakeNodes === undefined ? [] : ['--fake-nodes', fakeNodes]),
]
