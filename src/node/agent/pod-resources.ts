/** What the containers of one pod may use and what they do use: their groups, by name, for as long as they run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../base/clock.ts'
import type { ContainerUsage } from '../../client/node-api.ts'
import type { Container, ResourceRequirements } from '../../kube/core.ts'
import { wholeValue } from '../../kube/quantity.ts'
import { type ContainerGroup, WAITING, WAITING_MARK } from '../resources/enforcement.ts'
import { readRecord } from '../spawner/container-record.ts'
import type { AgentParts } from './agent-parts.ts'
import type { PodContext } from './pod-context.ts'

export interface PodResources {
  /** A life of a container runs, new or taken over. */
  began(container: Container, life: number, startedAt: Instant): void
  /** Why it ended, in upstream's word. */
  ended(name: string, code: number): 'Completed' | 'Error' | 'OOMKilled'
  usage(): readonly ContainerUsage[]
  /** What a running container was given. */
  applied(name: string): ResourceRequirements | undefined
  /** Gives it other amounts. Returns what stands against that. */
  rebound(container: Container): string | undefined
  /** For another process of that container (`ContainerGroup.joins`). */
  joins(name: string): readonly string[]
}

interface RunningGroup {
  readonly groupName: string
  readonly group: ContainerGroup
  readonly startedAt: Instant
  applied: ResourceRequirements
}

/** No limit is the largest. */
function isLess({ limits }: ResourceRequirements, { limits: before }: ResourceRequirements): boolean {
  return before?.memory === undefined || wholeValue(limits?.memory ?? '0') < wholeValue(before.memory)
}

export const groupNameOf = (container: string, life: number): string => `${container}-${life}`

export function createPodResources(parts: AgentParts, { pod, place }: PodContext): PodResources {
  const running = new Map<string, RunningGroup>()
  const uid = pod().metadata.uid ?? ''

  return {
    began({ name, resources = {} }, life, startedAt) {
      const podGroup = place()?.group
      if (!podGroup) return
      const folder = parts.folders.lifeFolder(uid, name, life)
      const groupName = existsSync(join(folder, WAITING_MARK)) ? WAITING : groupNameOf(name, life)
      const group = podGroup.container(groupName)
      running.set(name, { groupName, group, startedAt, applied: resources })
      group.began({
        wrapperPid: () => readRecord(folder)?.wrapper?.pid,
        kill: () => void parts.spawner.signal(`${uid}/${name}/${life}`, 'SIGKILL').catch(() => false),
      })
    },
    ended(name, code) {
      const entry = running.get(name)
      running.delete(name)
      const isOutOfMemory = code !== 0 && entry?.group.wasOutOfMemory() === true
      if (entry) place()?.group.drop(entry.groupName)
      if (isOutOfMemory) return 'OOMKilled'
      return code === 0 ? 'Completed' : 'Error'
    },
    usage: () =>
      [...running].flatMap(([name, { group, startedAt }]) => {
        const used = group.usage()
        return used ? [{ name, startedAt, ...used }] : []
      }),
    applied: name => running.get(name)?.applied,
    rebound(container) {
      const { name, resources = {} } = container
      const entry = running.get(name)
      if (!entry) return undefined
      const limit = wholeValue(resources.limits?.memory ?? '0')
      const used = entry.group.usage()?.memoryBytes ?? 0
      if (limit > 0 && isLess(resources, entry.applied) && used >= limit) {
        return `attempting to set container "${name}" memory limit (${limit}) below current usage (${used})`
      }
      const refused = entry.group.bound(container)
      if (refused.length > 0) return `container "${name}": ${refused.join(', ')} cannot be set`
      entry.applied = resources
      return undefined
    },
    joins: name => running.get(name)?.group.joins ?? [],
  }
}
