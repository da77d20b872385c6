/** Where a plan would run: the cluster that the flags name, the embedded one if it runs, else this machine. Starts nothing. */
import { type Capabilities, EMBEDDED } from '../compiler/capabilities.ts'
import type { Invocation } from './command.ts'
import { usageError } from './exit.ts'
import { fleetsOf } from './fleet-sources.ts'
import { nodesOf, type Surroundings, thisMachine } from './planned.ts'
import { namesRealCluster } from './real-cluster.ts'
import { runningCluster, stateFolder } from './state-folder.ts'
import type { Target } from './target.ts'

export interface Foreseen {
  readonly target: Target | undefined
  readonly namespace: string
  readonly surroundings: Surroundings
  readonly capabilities: Capabilities
}

export async function foresee(invocation: Invocation): Promise<Foreseen> {
  const { flags } = invocation
  const slots = flags.count('slots')
  if (slots !== undefined && slots < 1) throw usageError(`--slots is at least 1, not ${slots}`)
  const there = namesRealCluster(flags) || runningCluster(stateFolder(flags.text('state'))) !== undefined
  // What talks to a cluster is loaded only where there is one.
  const target = there ? await (await import('./target.ts')).openTarget(invocation) : undefined
  return {
    target,
    namespace: target?.namespace ?? flags.text('namespace') ?? 'default',
    surroundings: {
      nodes: target ? await nodesOf(target) : [thisMachine()],
      ...(target ? { fleets: fleetsOf(target) } : {}),
      ...(slots ? { slots } : {}),
    },
    capabilities: target ? await (await import('./compiled.ts')).capabilitiesOf(target) : EMBEDDED,
  }
}
