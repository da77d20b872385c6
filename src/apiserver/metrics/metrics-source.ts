/**
 * Asks the nodes what they use when somebody asks us, at most once a second: metrics-server's part, without its clock. Nobody asks, nothing is
 * measured. Who asks first waits for a second look, half a second later.
 */
import type { Clock } from '../../base/clock.ts'
import type { NodeLookUp } from '../../client/node-api.ts'
import { hasRates, LEAST_WINDOW_MS, type Looks, withLook } from './rates.ts'

export interface MetricsSource {
  /** Of each node that answers. */
  looks(nodes: readonly string[]): Promise<ReadonlyMap<string, Looks>>
}

const FRESH_MS = 1_000
const PAUSE_MS = LEAST_WINDOW_MS + 100

export function createMetricsSource(nodeApi: NodeLookUp, clock: Clock): MetricsSource {
  const known = new Map<string, Looks>()
  const asking = new Map<string, Promise<void>>()

  /** One that does not answer has no usage; what it said before grows old. */
  async function look(node: string): Promise<void> {
    const usage = await nodeApi(node)
      ?.usage?.()
      .catch(() => undefined)
    if (usage) known.set(node, withLook(known.get(node) ?? [], usage))
    else known.delete(node)
  }

  async function refresh(node: string): Promise<void> {
    await look(node)
    const looks = known.get(node)
    if (!looks || hasRates(looks)) return
    await new Promise<void>(resolve => clock.after(PAUSE_MS, resolve))
    await look(node)
  }

  function fresh(node: string): Promise<void> {
    const last = known.get(node)?.at(-1)
    if (last && clock.now() - last.at < FRESH_MS && hasRates(known.get(node) ?? [])) return Promise.resolve()
    const under = asking.get(node) ?? refresh(node).finally(() => asking.delete(node))
    asking.set(node, under)
    return under
  }

  return {
    async looks(nodes) {
      await Promise.all(nodes.map(fresh))
      for (const node of known.keys()) if (!nodes.includes(node)) known.delete(node)
      return known
    },
  }
}
