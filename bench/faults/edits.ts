/** From the answer to a ConfigMap's edit until a running server reads it in its file. */
import type { HttpApi } from '../../src/client/http-api.ts'
import { CONFIG, closeShop, openShop, podsOf } from './shop.ts'

export async function editConfig(api: HttpApi, edits: number): Promise<readonly number[]> {
  await openShop(api, 'graceful', 'warm')
  const addresses = (await podsOf(api)).map(pod => pod.status?.podIP ?? '')
  const tookMs: number[] = []
  for (let edit = 1; edit <= edits; edit++) {
    await api.patch(CONFIG, 'merge', { data: { greeting: String(edit) } })
    const editedAt = performance.now()
    await Promise.all(addresses.map(address => untilItReads(`http://${address}:8080/config`, String(edit))))
    tookMs.push(performance.now() - editedAt)
    await pause(100)
  }
  await closeShop(api)
  return tookMs
}

async function untilItReads(url: string, wanted: string): Promise<void> {
  while ((await (await fetch(url)).text()) !== wanted) await pause(2)
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
