/**
 * A change tried on a few copies: a second, small Deployment with the new pod template under the same Service. While it is judged the
 * Server's own Deployment stays as it is; what stood well is rolled out, what did not is taken back. Pure.
 */
import type { Instant } from '../../base/clock.ts'
import { contentHash8 } from '../../kube/content-name.ts'
import type { Pod } from '../../kube/core.ts'
import type { Deployment } from '../../kube/workloads.ts'
import type { Server } from '../../spec/kinds.ts'
import { conditionOf } from '../runtime/conditions.ts'

/** On a Server's Deployments: which pod template of the compiler's they are about. A rollback leaves it, so it is not undone. */
export const TEMPLATE = 'solvent.dev/template'
export const CANARY_HEALTHY = 'CanaryHealthy'

const SECONDS = 60

export const withTemplateName = (deployment: Deployment, template = deployment.spec.template): Deployment => ({
  ...deployment,
  metadata: {
    ...deployment.metadata,
    annotations: { ...deployment.metadata.annotations, [TEMPLATE]: contentHash8(template) },
  },
})

export const templateName = (deployment: Deployment | undefined): string | undefined =>
  deployment?.metadata.annotations?.[TEMPLATE]

export type Trial =
  /** Nothing to try: the first rollout, no canary asked for, or the same template. */
  | { readonly kind: 'none' }
  | { readonly kind: 'begin' }
  | { readonly kind: 'wait'; readonly afterMs: number | undefined }
  | { readonly kind: 'promote' }
  | { readonly kind: 'fail'; readonly because: string }
  /** It failed before, and the declaration has not changed since. */
  | { readonly kind: 'failed' }

export interface TrialObserved {
  readonly server: Server
  readonly wanted: Deployment
  readonly main: Deployment | undefined
  readonly canary: Deployment | undefined
  readonly canaryPods: readonly Pod[]
}

export function trialOf({ server, wanted, main, canary, canaryPods }: TrialObserved, now: Instant): Trial {
  const { canary: asked } = server.spec.rollout ?? {}
  if (!asked || !main || templateName(main) === templateName(wanted)) return { kind: 'none' }
  const verdict = conditionOf(server, CANARY_HEALTHY)
  const isAboutThis = verdict?.observedGeneration === server.metadata.generation
  if (verdict?.status === 'False' && isAboutThis) return { kind: 'failed' }
  if (!canary || templateName(canary) !== templateName(wanted)) return { kind: 'begin' }
  const trouble = troubleOf(canary, canaryPods)
  if (trouble) return { kind: 'fail', because: trouble }
  const available = conditionOf(canary, 'Available')
  const isThere =
    available?.status === 'True' &&
    canary.status?.observedGeneration === canary.metadata.generation &&
    (canary.status?.availableReplicas ?? 0) >= (canary.spec.replicas ?? 1)
  if (!isThere) return { kind: 'wait', afterMs: undefined }
  const wellSince = Date.parse(available.lastTransitionTime ?? '')
  const leftMs = wellSince + (asked.seconds ?? SECONDS) * 1000 - now
  return leftMs > 0 ? { kind: 'wait', afterMs: leftMs } : { kind: 'promote' }
}

/** What tells against it: it never came up, or a copy of it had to be started again. */
function troubleOf(canary: Deployment, pods: readonly Pod[]): string | undefined {
  const progressing = conditionOf(canary, 'Progressing')
  if (progressing?.reason === 'ProgressDeadlineExceeded') return progressing.message ?? 'it does not become available'
  for (const { metadata, status } of pods) {
    // One that was asked to end has its reasons.
    if (metadata.deletionTimestamp) continue
    for (const { name, restartCount, state, lastState } of status?.containerStatuses ?? []) {
      const ended = lastState?.terminated ?? state?.terminated
      if (restartCount > 0 || ended) {
        return `container ${name} of pod ${metadata.name} ended with exit code ${ended?.exitCode ?? 'unknown'}`
      }
    }
  }
  return undefined
}
