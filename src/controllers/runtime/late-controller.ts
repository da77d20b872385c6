/** A controller whose code is loaded when the first object of its kind appears: most clusters hold none of most kinds. */
import type { KubeObject } from '../../kube/object.ts'
import type { ControllerContext } from './context.ts'
import { type Controller, type RunningController, runController } from './run-controller.ts'

export interface LateController {
  readonly apiVersion: string
  readonly kind: string
  readonly load: () => Promise<Controller>
  /** Only an object that this holds for is a reason. */
  readonly when?: (object: KubeObject) => boolean
  /** Of a kind that every cluster has from its first moment: loaded so long after the first object, when nobody waits for the machine. */
  readonly afterMs?: number
}

export function runLateController(
  { clock, informers, log }: ControllerContext,
  { apiVersion, kind, load, when = () => true, afterMs }: LateController,
): RunningController {
  let running: Promise<RunningController> | undefined
  let isStopped = false
  let isDue = false
  let cancel = (): void => {}

  function start(): void {
    if (isStopped || running) return
    running = load().then(runController)
    running.catch(error => log(`${kind}: its controller cannot be loaded: ${error.stack}`))
  }

  function see(object: KubeObject): void {
    if (isDue || !when(object)) return
    isDue = true
    if (afterMs === undefined) start()
    else cancel = clock.after(afterMs, start)
  }

  informers.of(apiVersion, kind).on('add', see)
  informers.of(apiVersion, kind).on('update', see)
  return {
    async stop() {
      isStopped = true
      cancel()
      await (await running?.catch(() => undefined))?.stop()
    },
  }
}
