/** What a part of a cluster is started with: the words that the spawner hands to all parts (`node/spawner/arguments.ts`), as values. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Isolation } from '../node/sandbox/sandbox.ts'

export interface PartArguments {
  /** This part's own state folder: the cluster's, or that of one of its further nodes. */
  readonly state: string
  /** The cluster's state folder. */
  readonly cluster: string
  /** More than one: the cluster runs in several processes. */
  readonly parts: readonly string[]
  /** Names of the nodes beside the first. */
  readonly nodes: readonly string[]
  /** Of the node that an agent is; the machine's unless given. */
  readonly name?: string
  /** Which part of the addresses, and of the machine, a node has. */
  readonly slice: { readonly index: number; readonly of: number }
  readonly port?: number
  readonly idleTimeoutMs?: number
  /** Simulated nodes, as node/fake/parse-fake-nodes.ts has them. */
  readonly fakeNodes?: string
  /** $SOLVENT_ISOLATION: the best that is tried for pods. */
  readonly isolation?: Isolation
}

const TEXTS = ['state', 'cluster', 'name', 'slice', 'port', 'idle-timeout', 'fake-nodes'] as const

export function partArguments(
  words: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): PartArguments {
  const { values } = parseArgs({
    args: [...words],
    // Some words are for other parts.
    strict: false,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(TEXTS.map(name => [name, { type: 'string' as const }])),
      part: { type: 'string', multiple: true },
      node: { type: 'string', multiple: true },
    },
  }) as { values: Partial<Record<(typeof TEXTS)[number], string>> & { part?: string[]; node?: string[] } }
  const { state, cluster = state, name, port, part = [], node = [] } = values
  if (state === undefined || cluster === undefined) throw new Error('--state DIR is needed')
  const [index = 0, of = node.length + 1] = values.slice?.split('/').map(Number) ?? []
  return {
    state: resolve(state),
    cluster: resolve(cluster),
    parts: part,
    nodes: node,
    slice: { index, of },
    ...(name !== undefined && { name }),
    ...(port !== undefined && { port: Number(port) }),
    ...(values['idle-timeout'] !== undefined && { idleTimeoutMs: Number(values['idle-timeout']) * 1000 }),
    ...(values['fake-nodes'] !== undefined && { fakeNodes: values['fake-nodes'] }),
    ...isolationOf(env.SOLVENT_ISOLATION),
  }
}

const ISOLATIONS: readonly (string | undefined)[] = ['full', 'mount', 'none'] satisfies readonly Isolation[]

const isolationOf = (text: string | undefined): { readonly isolation?: Isolation } =>
  ISOLATIONS.includes(text) ? { isolation: text as Isolation } : {}
