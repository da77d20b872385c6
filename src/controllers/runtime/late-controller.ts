/** A controller whose code is loaded when the first object of its kind appears: most clusters hold none of most kinds. */
import type { ControllerContext } from './context.ts'
import { type Controller, type RunningController, runController } from './run-controller.ts'

export interface LateController {
  readonly apiVersion: string
  readonly kind: string
  readonly load: () => Promise<Controller>
}

export function runLateController(
  { informers, log }: ControllerContext,
  { apiVersion, kind, load }: LateController,
): RunningController {
  let running: Promise<RunningController> | undefined
  let isStopped = false
  informers.of(apiVersion, kind).on('add', () => {
    if (isStopped || running) return
    running = load().then(runController)
    running.catch(error => log(`${kind}: its controller cannot be loaded: ${error.stack}`))
  })
  return {
    async stop() {
      isStopped = true
      await (await running?.catch(() => undefined))?.stop()
    },
  }
}
