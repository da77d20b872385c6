/**
 * Rank files: which node and slot each rank starts on, for launchers that place ranks by a list (Open MPI's `--rankfile`, PRRTE syntax). In
 * pods the same is arithmetic on RANK; here a row a rank is the format.
 */
import { ok, type Result } from '../../base/problem.ts'
import { type EmissionInput, type Emitted, ranksOfLayout } from './emission.ts'

export interface Hosts {
  /** In the order of the fleet's devices; `node0`, `node1`, … unless given. */
  readonly names?: readonly string[]
}

export function emitRankFile(input: EmissionInput, { names }: Hosts = {}): Result<Emitted> {
  const ranks = ranksOfLayout(input.layout)
  const lines = Array.from({ length: ranks }, (_, rank) => {
    const device = input.deviceOfRank?.[rank] ?? rank
    const node = Math.floor(device / input.devicesPerNode)
    return `rank ${rank}=${names?.[node] ?? `node${node}`} slot=${device % input.devicesPerNode}`
  })
  return ok({
    file: 'rankfile',
    text: `${lines.join('\n')}\n`,
    notes: [
      `mpirun --rankfile rankfile -np ${ranks} …`,
      ...(names ? [] : ['node0, node1, … stand for your hosts in the order of the fleet']),
      'One line of SLURM_HOSTFILE a rank, with srun --distribution=arbitrary: cut -d= -f2 rankfile | cut -d" " -f1',
    ],
  })
}
