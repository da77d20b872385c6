/** Our server's answers to the scenarios, in order; those that need controllers get a server with ours. */
import { startOurServer } from './our-server.ts'
import { SCENARIOS } from './requests/scenarios.ts'
import { type Answer, createClient } from './send.ts'

export async function ourAnswers(filter = ''): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const controllers of [false, true]) {
    const scenarios = SCENARIOS.filter(
      each => (each.controllers ?? false) === controllers && each.name.includes(filter),
    )
    if (scenarios.length === 0) continue
    const ours = await startOurServer({ controllers })
    const client = createClient(ours.server)
    try {
      for (const scenario of scenarios) answers.push(...(await client.run(scenario)))
    } finally {
      client.close()
      await ours.close()
    }
  }
  return answers
}
