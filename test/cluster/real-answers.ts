/** A real kube-apiserver's answers to the scenarios, in order; those that need controllers get a cluster with upstream's. */
import { startRealCluster } from './real-cluster.ts'
import { SCENARIOS } from './requests/scenarios.ts'
import { type Answer, createClient } from './send.ts'

export async function realAnswers(): Promise<readonly Answer[]> {
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
  return answers
}
