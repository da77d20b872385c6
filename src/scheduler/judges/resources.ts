/** Whether what a pod asks for is left, and which node is best off after it (noderesources/fit.go, least_allocated.go, balanced_allocation.go). */
import type { Amounts } from '../resources.ts'
import { type Judge, MAX_SCORE, type Refusal } from './judge.ts'

export const resourcesSuffice: Judge = ({ requests, scored }) => {
  const asked = Object.entries(requests).filter(([, amount]) => amount > 0)
  return {
    refuses({ free, allocatable }) {
      for (const [name, amount] of asked) if ((free[name] ?? 0) < amount) return shortage(asked, free, allocatable)
      return undefined
    },
    score: ({ scoredUse, allocatable }) =>
      leastAllocated(scoredUse.cpu + scored.cpu, scoredUse.memory + scored.memory, allocatable),
  }
}

function shortage(asked: readonly (readonly [string, number])[], free: Amounts, allocatable: Amounts): Refusal {
  const short = asked.filter(([name, amount]) => (free[name] ?? 0) < amount)
  return {
    reasons: short.map(([name]) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
    isHopeless: short.some(([name, amount]) => name !== 'pods' && amount > (allocatable[name] ?? 0)),
  }
}

/** The mean of the shares of cpu and memory that stay free; what a node has none of does not count. */
export function leastAllocated(cpu: number, memory: number, allocatable: Amounts): number {
  const [cores = 0, bytes = 0] = [allocatable.cpu, allocatable.memory]
  if (cores === 0) return bytes === 0 ? 0 : freeShare(memory, bytes)
  return bytes === 0 ? freeShare(cpu, cores) : Math.trunc((freeShare(cpu, cores) + freeShare(memory, bytes)) / 2)
}

const freeShare = (used: number, total: number): number =>
  used > total ? 0 : Math.trunc(((total - used) * MAX_SCORE) / total)

/** Better where cpu and memory are used to more equal shares with the pod than without it; a pod that asks for neither has no say. */
export const usageIsBalanced: Judge = ({ requests }) => {
  const { cpu = 0, memory = 0 } = requests
  if (cpu === 0 && memory === 0) return undefined
  return {
    score({ free, allocatable }) {
      const usedCpu = (allocatable.cpu ?? 0) - (free.cpu ?? 0)
      const usedMemory = (allocatable.memory ?? 0) - (free.memory ?? 0)
      const before = balance(usedCpu, usedMemory, allocatable)
      return balanceGain(balance(usedCpu + cpu, usedMemory + memory, allocatable), before)
    },
  }
}

export const balanceGain = (withPod: number, without: number): number =>
  MAX_SCORE / 2 + Math.trunc((MAX_SCORE / 2 + withPod - without) / 2)

/** 100 where cpu and memory are used to equal shares. */
export function balance(cpu: number, memory: number, allocatable: Amounts): number {
  const [cores = 0, bytes = 0] = [allocatable.cpu, allocatable.memory]
  if (cores === 0 || bytes === 0) return MAX_SCORE
  return Math.trunc((1 - Math.abs(Math.min(1, cpu / cores) - Math.min(1, memory / bytes)) / 2) * MAX_SCORE)
}
