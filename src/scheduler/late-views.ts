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
import type { ClaimAssignment } from './devices/device-ledger.ts'
import type { LiveDevices } from './devices/device-views.ts'

export interface LateViews {
  /** Whether all that is needed is known; what is not is asked for, and `onChange` says when it has come. */
  know(needs: Needs): boolean
  surroundings(): Surroundings
  /** Writes which devices a pod gets. */
  assign(claims: readonly ClaimAssignment[]): Promise<void>
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

  let devices: LiveDevices | undefined
  let isLoading = false
  let isStopped = false

  /** It brings CEL, which most clusters never need. */
  async function loadDevices(): Promise<void> {
    const { watchDevices } = await import('./devices/device-views.ts')
    if (isStopped) return
    const live = watchDevices({ api, clock, onError, onChange: () => devices && onChange() })
    await live.synced
    devices = live
    onChange()
  }

  function knowsDevices(isNeeded: boolean): boolean {
    if (isNeeded && !isLoading) {
      isLoading = true
      void loadDevices().catch(onError)
    }
    return !isNeeded || devices !== undefined
  }

  return {
    know(needs) {
      const known = [namespaces.know(needs.namespaces), budgets.know(needs.budgets), knowsDevices(needs.devices)]
      return known.every(each => each)
    },
    surroundings: () => ({
      namespaceLabels: name => namespaces.get(name)?.metadata.labels,
      budgets: budgets.list(),
      ...(devices ? { devices: devices.ledger() } : {}),
    }),
    assign: async claims => devices?.assign(claims),
    stop() {
      isStopped = true
      devices?.stop()
      namespaces.stop()
      budgets.stop()
    },
  }
}
