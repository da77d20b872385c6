/** What every task of a worker may use. */
import type { BatchPlan } from '../../../planner/batch/plan.ts'
import type { UserModule } from '../functions/user-module.ts'
import type { OnProgress } from '../input/each-record.ts'

export interface TaskContext {
  readonly plan: BatchPlan
  /** Folder of this process. */
  readonly workerFolder: string
  /** Folder of this task alone; emptied after it. */
  readonly taskFolder: string
  /** What tables of keys may take. */
  readonly tableBytes: number
  readonly workerMemoryBytes: number
  readonly onProgress: OnProgress
  /** Lets timers and sockets have their turn. */
  pause(): Promise<void>
  /** Loads the bundle at the first call. */
  userModule(): Promise<UserModule>
}
