/** What fleets a job may be planned for: Fleet objects of the same files, and what the cluster knows. */
import { fleetSources, nodeFacts } from '../controllers/solvent/fleet-facts.ts'
import type { Node } from '../kube/core.ts'
import type { FleetSources } from '../planner/fleet/resolve-fleet.ts'
import type { Item } from './declared.ts'
import type { Target } from './target.ts'

interface Around {
  readonly nodes: readonly Node[]
  /** Asked only when a job has a model: its objects, its nodes, their devices. */
  readonly fleets?: () => Promise<FleetSources>
}

export async function fleetsFor(items: readonly Item[], { nodes, fleets }: Around): Promise<FleetSources> {
  const inFiles = items.flatMap(item =>
    item.kind === 'declaration' && item.declaration.kind === 'Fleet' ? [item.declaration] : [],
  )
  const { declared = [], ...cluster } = fleets ? await fleets() : { nodes: nodes.map(nodeFacts) }
  return { ...cluster, declared: [...inFiles, ...declared] }
}

export const fleetsOf =
  ({ api, namespace }: Target) =>
  (): Promise<FleetSources> =>
    fleetSources(api, namespace)
