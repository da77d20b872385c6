/** What every controller is handed. */
import type { Clock } from '../../base/clock.ts'
import { createEventRecorder } from '../../client/events.ts'
import type { KubeApi } from '../../client/kube-api.ts'
import { createWorkQueue, type WorkQueue } from '../../client/work-queue.ts'
import type { Informers } from './informers.ts'
import { createPerformer, type Performer } from './perform.ts'

export interface ControllerContext {
  readonly api: KubeApi
  readonly clock: Clock
  readonly informers: Informers
  readonly log: (line: string) => void
  newQueue(): WorkQueue
  /** Performs actions; their Events name `component` as the source. */
  performerFor(component: string): Performer
}

export function createContext(
  api: KubeApi,
  clock: Clock,
  informers: Informers,
  log: (line: string) => void,
): ControllerContext {
  return {
    api,
    clock,
    informers,
    log,
    newQueue: () => createWorkQueue({ clock }),
    performerFor: component =>
      createPerformer({ api, clock, informers, events: createEventRecorder({ api, clock, component }) }),
  }
}
