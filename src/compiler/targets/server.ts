/**
 * Server -> what Kubernetes has for each of the six functions: a Service (found, balanced), a Deployment with probes (fault tolerance), a
 * HorizontalPodAutoscaler (scaling), ConfigMaps named after their content (configuration), requests (resources), and a
 * PodDisruptionBudget for maintenance. Where a cluster has no word for what is wanted, it is refused with the reason.
 */
import { ok, type Problem, type Result } from '../../base/problem.ts'
import type { KubeObject } from '../../kube/object.ts'
import type { Server } from '../../spec/kinds.ts'
import type { Capabilities } from '../capabilities.ts'
import { missingImage } from '../image.ts'
import { configMaps } from './server/configuration.ts'
import { deployment } from './server/deployment.ts'
import { disruptionBudgets } from './server/disruption.ts'
import { domainMappings, heldBackend, heldService, httpScaledObject, knativeService } from './server/from-zero.ts'
import { autoscalers, isFromZero, rightSizers, scalingProblems } from './server/scaling.ts'
import { ingresses, ownBackend, service } from './server/service.ts'

export function compileServer(server: Server, capabilities: Capabilities): Result<readonly KubeObject[]> {
  const problems = [
    ...missingImage(server, capabilities),
    ...scalingProblems(server, capabilities),
    ...canaryProblems(server, capabilities),
  ]
  if (problems.length > 0) return { ok: false, problems }
  const { fromZero } = capabilities
  if (isFromZero(server) && fromZero === 'knative') {
    return ok([...configMaps(server), knativeService(server, capabilities), ...domainMappings(server)])
  }
  const isHeld = isFromZero(server) && fromZero === 'keda-http'
  return ok([
    ...configMaps(server),
    service(server, capabilities),
    ...(isHeld ? [heldService(server)] : []),
    deployment(server, capabilities),
    // The add-on makes an autoscaler of its own.
    ...(isHeld ? [httpScaledObject(server)] : autoscalers(server)),
    ...rightSizers(server, capabilities),
    ...disruptionBudgets(server),
    ...ingresses(server, isHeld ? heldBackend(server) : ownBackend(server)),
  ])
}

function canaryProblems({ spec: { rollout } }: Server, { operator }: Capabilities): readonly Problem[] {
  if (!rollout?.canary || operator) return []
  return [
    {
      field: 'spec.rollout.canary',
      what: 'tries a change on a few copies first',
      why: 'this cluster has no controller of ours that would judge them',
      fix: 'Write rollout: rolling.',
    },
  ]
}
