/** What maintenance may take away at once: only evictions ask it (a drained node, the Cluster Autoscaler), no rollout and no failure does. */
import type { PodDisruptionBudget } from '../../../kube/apps.ts'
import type { Server } from '../../../spec/kinds.ts'
import { metadataFor, nameOf, ownerLabels } from '../../made-for.ts'
import { countOrShare } from './deployment.ts'
import { mostCopies } from './scaling.ts'

export function disruptionBudgets(server: Server): readonly PodDisruptionBudget[] {
  const { disruption } = server.spec
  // Of one copy there is nothing to keep while it is moved.
  if (!disruption && mostCopies(server) <= 1) return []
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadataFor(server, nameOf(server)),
      spec: {
        maxUnavailable: countOrShare(disruption?.maxUnavailable ?? '1'),
        // A copy that does not answer serves nobody: it must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: ownerLabels(server) },
      },
    },
  ]
}
