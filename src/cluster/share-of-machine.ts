/** What one of several nodes has of the machine that they share: together not more than there is. */
import { availableParallelism } from 'node:os'
import type { ResourceList } from '../kube/core.ts'
import { milliValue, wholeValue } from '../kube/quantity.ts'
import { capacityOfMachine } from '../node/agent/node-object.ts'

/** What is made ahead on a node that has the machine for itself. */
const POOL = 4

export function shareOfMachine(nodes: number, machine: ResourceList = capacityOfMachine()): ResourceList {
  const { cpu = '1', memory = '0' } = machine
  return {
    ...machine,
    cpu: `${Math.floor(milliValue(cpu) / nodes)}m`,
    memory: `${Math.floor(wholeValue(memory) / 1024 / nodes)}Ki`,
  }
}

/** Sandboxes and waiting processes of one of so many nodes. */
export const poolSize = (nodes: number): number =>
  Math.max(1, Math.floor(Math.min(POOL, availableParallelism()) / nodes))
