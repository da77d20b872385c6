/** The switches above nodes, from labels that name the switch a node hangs on, level by level. */
import type { Tier } from '../fleet.ts'
import type { NodeFacts } from './node-facts.ts'

/** Families of labels, each from the level next to the nodes upwards. */
const LEVELS: readonly (readonly (readonly [name: string, label: string])[])[] = [
  // NVIDIA topograph.
  [
    ['leaf', 'network.topology.nvidia.com/leaf'],
    ['spine', 'network.topology.nvidia.com/spine'],
    ['core', 'network.topology.nvidia.com/core'],
  ],
  // AWS: layer 3 is next to the instance.
  [
    ['layer 3', 'topology.k8s.aws/network-node-layer-3'],
    ['layer 2', 'topology.k8s.aws/network-node-layer-2'],
    ['layer 1', 'topology.k8s.aws/network-node-layer-1'],
  ],
  // Google: sub-blocks of racks, blocks of sub-blocks.
  [
    ['sub-block', 'cloud.google.com/gce-topology-subblock'],
    ['block', 'cloud.google.com/gce-topology-block'],
  ],
  // The names of Kueue's documentation.
  [
    ['rack', 'cloud.provider.com/topology-rack'],
    ['block', 'cloud.provider.com/topology-block'],
  ],
]

/**
 * Levels whose labels all nodes carry. A level's size is that of its fullest switch: schedulers fill switches, and what is spread wider than
 * needed is the scheduler's doing, not the network's. Labels tell no bandwidth, so no level is taken to lose any.
 */
export function tiersOfNodes(nodes: readonly NodeFacts[]): readonly Tier[] {
  const levels = LEVELS.find(
    family => nodes.length > 0 && nodes.every(({ labels }) => labels[family[0]![1]] !== undefined),
  )
  const tiers = (levels ?? []).flatMap(([name, label]): readonly Tier[] => {
    const sizes = new Map<string, number>()
    for (const { labels } of nodes) {
      const at = labels[label]
      if (at === undefined) return []
      sizes.set(at, (sizes.get(at) ?? 0) + 1)
    }
    return [{ name, nodes: Math.max(...sizes.values()), oversubscription: 1 }]
  })
  // The highest switch, which all hang on, and levels that add nothing need not be told.
  return tiers.filter(({ nodes: below }, i) => below < nodes.length && below > (tiers[i - 1]?.nodes ?? 0))
}
