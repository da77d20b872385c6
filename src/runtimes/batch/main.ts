/**
 * `solvent-batch coordinator` and `solvent-batch worker`: what runs inside the pods of a BatchJob. `main` is called by
 * bin/solvent-batch.js, or by a prewarmed process that has imported this module already; importing it runs nothing and loads no package.
 */
import { coordinate } from './coordinator/coordinator.ts'
import { readEnvironment } from './environment.ts'
import { messageOf, UserError } from './failure.ts'
import { work } from './worker/worker.ts'

const ROLES = { coordinator: coordinate, worker: work } as const

/** Exit code: 0 done (also when the job failed: its status says so), 42 the user's doing, 1 worth another try, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  const role = args[0]
  if (role !== 'coordinator' && role !== 'worker') {
    console.error('usage: solvent-batch coordinator|worker')
    return 2
  }
  try {
    return await ROLES[role](readEnvironment())
  } catch (error) {
    console.error(`solvent-batch ${role}: ${messageOf(error)}`)
    return error instanceof UserError ? 42 : 1
  }
}
