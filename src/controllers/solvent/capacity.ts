/** How much of a batch job can run at once, from what the nodes offer. The planner gets it as a value. */
import { COORDINATOR_REQUESTS, WORKER_REQUESTS } from '../../compiler/targets/batch.ts'
import type { Node } from '../../kube/core.ts'
import { milliValue, wholeValue } from '../../kube/quantity.ts'
import type { BatchCapacity } from '../../planner/batch/plan.ts'
import type { BatchJob } from '../../spec/kinds.ts'

/** Undefined while no node can run anything. One slot at least: a job that asks for more than any node has is told so by the scheduler. */
export function batchCapacity(nodes: readonly Node[], { spec: { resources } }: BatchJob): BatchCapacity | undefined {
  const usable = nodes.filter(isUsable)
  if (usable.length === 0) return undefined
  const cpu = milliValue(resources?.cpu ?? WORKER_REQUESTS.cpu)
  const memory = wholeValue(resources?.memory ?? WORKER_REQUESTS.memory)
  // The coordinator takes its place first, wherever it goes.
  const room = usable.map((node, i) => ({
    cpu: milliValue(node.status?.allocatable?.cpu ?? 0) - (i === 0 ? milliValue(COORDINATOR_REQUESTS.cpu) : 0),
    memory: wholeValue(node.status?.allocatable?.memory ?? 0) - (i === 0 ? wholeValue(COORDINATOR_REQUESTS.memory) : 0),
  }))
  const fits = (has: number, asks: number): number => (asks > 0 ? Math.floor(Math.max(0, has) / asks) : has)
  const slots = room.reduce((sum, node) => sum + Math.min(fits(node.cpu, cpu), fits(node.memory, memory)), 0)
  return { slots: Math.max(1, slots), workerMemoryBytes: memory }
}

const isUsable = ({ spec, status }: Node): boolean =>
  !spec?.unschedulable &&
  status?.allocatable !== undefined &&
  !status.conditions?.some(condition => condition.type === 'Ready' && condition.status !== 'True')
