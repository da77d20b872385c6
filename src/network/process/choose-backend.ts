/** Which backend a client is led to, pure but for the clock and chance that are handed in: by chance, or with affinity to where it was before. */
import type { Clock } from '../../base/clock.ts'
import type { Backend, Forwarding } from '../services/forwarding.ts'

export interface Chooser {
  /** Undefined: nobody is there. `except`: those that were tried already. */
  choose(forwarding: Forwarding, client: string, except?: readonly Backend[]): Backend | undefined
}

interface Memory {
  readonly backend: string
  until: number
}

/** Clients that are remembered; the oldest are forgotten first. */
const MAX_CLIENTS = 10_000

const nameOf = ({ address, port }: Backend): string => `${address}:${port}`

export function createChooser(clock: Clock, random: () => number): Chooser {
  const memories = new Map<string, Memory>()

  function remembered(key: string, candidates: readonly Backend[]): Backend | undefined {
    const memory = memories.get(key)
    if (!memory || memory.until < clock.monotonicMs()) return undefined
    return candidates.find(backend => nameOf(backend) === memory.backend)
  }

  return {
    choose({ key, backends, affinitySeconds }, client, except = []) {
      const candidates = except.length === 0 ? backends : backends.filter(backend => !except.includes(backend))
      if (affinitySeconds === undefined) return candidates[Math.floor(random() * candidates.length)]
      const whose = `${key} ${client}`
      const chosen = remembered(whose, candidates) ?? candidates[Math.floor(random() * candidates.length)]
      memories.delete(whose)
      if (chosen) memories.set(whose, { backend: nameOf(chosen), until: clock.monotonicMs() + affinitySeconds * 1000 })
      for (const oldest of memories.keys()) {
        if (memories.size <= MAX_CLIENTS) break
        memories.delete(oldest)
      }
      return chosen
    },
  }
}
