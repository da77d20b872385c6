/** A worker: one slot, one task at a time, until the coordinator says stop. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { describeFailure } from '../failure.ts'
import { loadUserModule, type UserModule } from '../functions/user-module.ts'
import type { FromWorker, Task, TaskId } from '../protocol.ts'
import { CoordinatorLink, resolveCoordinator } from './coordinator-link.ts'
import { startHeartbeat } from './heartbeat.ts'
import { KeptOutputs } from './kept-outputs.ts'
import { runTask } from './run-task.ts'
import { serveSegments } from './segment-server.ts'
import type { TaskContext } from './task-context.ts'

/** Of a worker's memory, what tables of keys may take; Node, the user's own objects and read buffers need the rest. */
const TABLE_SHARE = 0.25

export async function work(environment: Environment): Promise<number> {
  const kept = new KeptOutputs(environment.scratch, environment.run)
  const folder = join(environment.scratch, 'work')
  // Whatever an earlier process of this pod has left half done.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const server = await serveSegments(environment.podIp, kept.folder)
  const { host, port } = resolveCoordinator(environment)
  const heartbeat = startHeartbeat(host, port, environment.podName)
  let busy: TaskId | undefined
  let userModule: Promise<UserModule> | undefined

  const pause = (): Promise<void> => new Promise(done => setImmediate(done))
  const context = (task: Task): TaskContext => ({
    plan: environment.plan,
    workerFolder: folder,
    taskFolder: join(folder, `${task.stage}-${task.index}-${task.attempt}`),
    tableBytes: environment.workerMemoryBytes * TABLE_SHARE,
    workerMemoryBytes: environment.workerMemoryBytes,
    pause,
    onProgress(bytes) {
      heartbeat.bytesDone[0]! += bytes
      return pause()
    },
    userModule() {
      userModule ??= loadUserModule(environment.codePath, folder)
      return userModule
    },
  })

  const perform = async (task: Task): Promise<FromWorker> => {
    const mine = context(task)
    heartbeat.bytesDone[0] = 0
    mkdirSync(mine.taskFolder, { recursive: true })
    try {
      return { type: 'done', result: await runTask(task, mine, kept, server.address) }
    } catch (error) {
      const failure = describeFailure(error)
      console.error(`${task.stage} task ${task.index}, attempt ${task.attempt}: ${failure.message}`)
      return { type: 'failed', task: { stage: task.stage, index: task.index }, failure }
    } finally {
      rmSync(mine.taskFolder, { recursive: true, force: true })
    }
  }

  return new Promise<number>(exit => {
    const link: CoordinatorLink = new CoordinatorLink(environment, {
      hello: () => {
        const outputs = kept.all(server.address)
        return { type: 'hello', worker: environment.podName, run: environment.run, outputs, busy }
      },
      onMessage(message) {
        if (message.type === 'stop') {
          link.close()
          server.close()
          heartbeat.stop()
          return exit(0)
        }
        const { task } = message
        busy = { stage: task.stage, index: task.index }
        void perform(task).then(report => {
          busy = undefined
          link.send(report)
        })
      },
      onGivenUp(error) {
        console.error(`the coordinator does not answer: ${error.message}`)
        exit(1)
      },
    })
    link.open()
  })
}
