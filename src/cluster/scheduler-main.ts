/** The scheduler in a process of its own (dist/scheduler.cjs). */
import { startScheduler } from '../scheduler/start-scheduler.ts'
import { lead } from './lead-part.ts'
import { runPart } from './run-part.ts'

runPart({
  part: 'scheduler',
  who: () => 'scheduler',
  patienceMs: () => 300,
  start: async context => lead('kube-scheduler', context, () => startScheduler(context)),
})
