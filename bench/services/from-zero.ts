/** The first answer of a Service whose pods are not there: from the connection's begin to the whole answer. */
import { join } from 'node:path'
import type { Service } from '../../src/kube/core.ts'
import type { Measured } from '../harness/report.ts'
import { runLoad } from '../load/start-load.ts'
import { deployment, metadataOf, pause, podsOf, service, urlOf, withPlace } from './place.ts'

export async function measureFromZero(rounds: number): Promise<readonly Measured[]> {
  return withPlace({}, async ({ api, folder }) => {
    await api.create(deployment('zero', join(folder, 'server.cjs'), 0))
    const made = await api.create<Service>(service('zero', { 'solvent.dev/scale-from-zero': 'Deployment/zero' }))
    const values: number[] = []
    for (let round = 0; round < rounds; round++) {
      await pause(500)
      const load = {
        urls: [urlOf(made)],
        mode: 'closed',
        keepAlive: false,
        connections: 1,
        requests: 1,
        timeoutMs: 30_000,
      } as const
      const report = await runLoad(load)
      values.push(report.failed === 0 ? report.serviceMs.p50 : Number.POSITIVE_INFINITY)
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', ...metadataOf('zero') }
      await api.patch(ref, 'merge', { spec: { replicas: 0 } })
      while ((await podsOf(api, 'zero')).length > 0) await pause(50)
    }
    return [{ what: 'first answer from zero', unit: 'ms', values, judge: 'max', bar: { at: 'most', value: 600 } }]
  })
}
