/** `solvent exec`: a command inside a container of a pod, with its exit code as ours. */
import type { Invocation } from '../command.ts'
import { usageError } from '../exit.ts'
import { containerMeant, podMeant, refuseEnded } from '../pod-meant.ts'
import { runInPod, wantedStreams } from '../pod-terminal.ts'
import { openTarget } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [word, ...command] = args
  if (word === undefined) throw usageError('say where: POD or TYPE/NAME, then -- and the command')
  if (command.length === 0) throw usageError(`say what to run: solvent exec ${word} -- COMMAND [ARGUMENT ...]`)
  const target = await openTarget(invocation)
  const { pod } = await podMeant(target, word)
  refuseEnded(pod, 'run anything in')
  const container = containerMeant(pod, flags.text('container'), terminal)
  const ref = { namespace: target.namespace, name: pod.metadata.name ?? '' }
  return runInPod(target.api.connection, ref, { container, command, ...wantedStreams(invocation) }, invocation)
}
