/**
 * `node scripts/run-ts.js test/cluster/record.ts [FILTER]`: sends all requests to a real kube-apiserver and writes its answers down for
 * test/fast/oracle.test.ts.
 */
import { writeFileSync } from 'node:fs'
import { startRealCluster } from './real-cluster.ts'
import { RECORDED, recordedText } from './recorded.ts'
import { SCENARIOS } from './requests/scenarios.ts'
import { type Answer, createClient } from './send.ts'

const answers: Answer[] = []
for (const controllers of [false, true]) {
  const scenarios = SCENARIOS.filter(each => (each.controllers ?? false) === controllers)
  if (scenarios.length === 0) continue
  const real = await startRealCluster({ controllers })
  const client = createClient(real.server)
  try {
    for (const scenario of scenarios) answers.push(...(await client.run(scenario)))
  } finally {
    client.close()
    await real.close()
  }
}
writeFileSync(RECORDED, recordedText(answers))
console.log(`${answers.length} answers recorded`)
