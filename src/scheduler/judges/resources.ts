/** Whether what a pod asks for is left, and which node is best off after it (noderesources/fit.go, least_allocated.go, balanced_allocation.go). */
import type { NodeView } from '../node-view.ts'
import type { Amounts } from '../resources.ts'
import { type Judge, MAX_SCORE, type Refusal } from './judge.ts'

export const resourcesSuffice: Judge = ({ requests, scored }) => {
  const asked = Object.entries(requests).filter(([, amount]) => amount > 0)
  return {
    refuses({ free, allocatable }) {
      for (const [name, amount] of asked) if ((free[name] ?? 0) < amount) return shortage(asked, free, allocatable)
      return undefined
    },
    scores: {
      weight: 1,
      of: nodes =>
        nodes.map(({ scoredUse, allocatable }) =>
          leastAllocated(scoredUse.cpu + scored.cpu, scoredUse.memory + scored.memory, allocatable),
        ),
    },
  }
}

function shortage(asked: readonly (readonly [string, number])[], free: Amounts, allocatable: Amounts): Refusal {
  const short = asked.filter(([name, amount]) => (free[name] ?? 0) < amount)
  return {
    reasons: short.map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
    isHopeless: short.some(([name, amount]) => name !== 'pods' && amount > (allocatable[name] ?? 0)),
  }
}

/** The mean of the shares of cpu and memory that stay free. */
export function leastAllocated(cpu: number, memory: number, allocatable: Amounts): number {
  const shares = [freeShare(cpu, allocatable.cpu), freeShare(memory, allocatable.memory)].filter(
    share => share !== undefined,
  )
  return shares.length === 0 ? 0 : Math.trunc(shares.reduce((sum, share) => sum + share, 0) / shares.length)
}

const freeShare = (used: number, total = 0): number | undefined =>
  total === 0 ? undefined : used > total ? 0 : Math.trunc(((total - used) * MAX_SCORE) / total)

/** Better where cpu and memory are used to more equal shares with the pod than without it; a pod that asks for neither has no say. */
export const usageIsBalanced: Judge = ({ requests }) => {
  const { cpu = 0, memory = 0 } = requests
  if (cpu === 0 && memory === 0) return undefined
  const score = ({ free, allocatable }: NodeView): number => {
    const used = {
      cpu: (allocatable.cpu ?? 0) - (free.cpu ?? 0),
      memory: (allocatable.memory ?? 0) - (free.memory ?? 0),
    }
    return balanceGain({ cpu: used.cpu + cpu, memory: used.memory + memory }, used, allocatable)
  }
  return { scores: { weight: 1, of: nodes => nodes.map(score) } }
}

export const balanceGain = (withPod: Amounts, without: Amounts, allocatable: Amounts): number =>
  MAX_SCORE / 2 + Math.trunc((MAX_SCORE / 2 + balance(withPod, allocatable) - balance(without, allocatable)) / 2)

function balance(used: Amounts, allocatable: Amounts): number {
  const shares = ['cpu', 'memory'].flatMap(name => {
    const total = allocatable[name] ?? 0
    return total === 0 ? [] : [Math.min(1, (used[name] ?? 0) / total)]
  })
  const [a = 0, b = a] = shares
  return Math.trunc((1 - Math.abs((a - b) / 2)) * MAX_SCORE)
}
