/** What few clusters need to know for scheduling (labels of namespaces, disruption budgets), watched from the first pod on that makes it matter. */
import type { Clock } from '../base/clock.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { KubeApi } from '../client/kube-api.ts'
import type { PodDisruptionBudget } from '../kube/apps.ts'
import type { Namespace } from '../kube/core.ts'
import type { KubeObject } from '../kube/object.ts'
import { isApiError } from '../kube/status.ts'
import type { Needs } from './cluster-state.ts'
import type { Surroundings } from './decision.ts'

export interface LateViews {
  /** Whether all that is needed is known; what is not is asked for, and `onChange` says when it has come. */
  know(needs: Needs): boolean
  surroundings(): Surroundings
  stop(): void
}

export interface LateViewsOptions {
  readonly api: KubeApi
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  readonly onChange: () => void
}

export function createLateViews({ api, clock, onError, onChange }: LateViewsOptions): LateViews {
  const namespaces = createLateView<Namespace>('v1', 'Namespace')
  const budgets = createLateView<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget')

  function createLateView<T extends KubeObject>(apiVersion: string, kind: string) {
    let informer: Informer<T> | undefined
    let isKnown = false
    const known = (): void => {
      isKnown = true
      onChange()
    }
    function start(): void {
      informer = createInformer<T>(
        api,
        { apiVersion, kind },
        {
          clock,
          onError(error) {
            // Where the kind is not served there is nothing of it to wait for.
            if (isApiError(error, 'NotFound', 'Forbidden')) known()
            else onError(error)
          },
        },
      )
      for (const event of ['add', 'update', 'delete'] as const) informer.on(event, () => isKnown && onChange())
      void informer.synced.then(known)
      informer.start()
    }
    return {
      know(isNeeded: boolean): boolean {
        if (isNeeded && !informer) start()
        return !isNeeded || isKnown
      },
      get: (name: string) => informer?.get(undefined, name),
      list: () => informer?.list() ?? [],
      stop: () => informer?.stop(),
    }
  }

  return {
    know(needs) {
      const known = [namespaces.know(needs.namespaces), budgets.know(needs.budgets)]
      return known.every(each => each)
    },
    surroundings: () => ({
      namespaceLabels: name => namespaces.get(name)?.metadata.labels,
      budgets: budgets.list(),
    }),
    stop() {
      namespaces.stop()
      budgets.stop()
    },
  }
}
