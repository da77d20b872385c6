/** What depends on a pool of nodes and a few numbers is made once: the search asks for it a million times. */
import type { NodePool } from '../../fleet/fleet.ts'

export function rememberedPerPool<Key, Value>(): (pool: NodePool, key: Key, make: () => Value) => Value {
  const pools = new WeakMap<NodePool, Map<Key, Value>>()
  return (pool, key, make) => {
    let known = pools.get(pool)
    if (!known) {
      known = new Map()
      pools.set(pool, known)
    }
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make()
    known.set(key, made)
    return made
  }
}
