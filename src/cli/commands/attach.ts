/** `solvent attach`: to the main process of a container, what it writes from now on and, with -i, what it reads. */
import type { Invocation } from '../command.ts'
import { usageError } from '../exit.ts'
import { containerMeant, podMeant, refuseEnded } from '../pod-meant.ts'
import { runInPod, wantedStreams } from '../pod-terminal.ts'
import { openTarget } from '../target.ts'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [word, second] = args
  if (word === undefined || second !== undefined) throw usageError('attach takes one POD or TYPE/NAME')
  const target = await openTarget(invocation)
  const { pod } = await podMeant(target, word)
  refuseEnded(pod, 'attach to')
  const container = containerMeant(pod, flags.text('container'), terminal)
  const spec = pod.spec.containers.find(({ name }) => name === container)
  const wanted = wantedStreams(invocation)
  if (wanted.stdin && !spec?.stdin) terminal.note(`container ${container} reads no input: its "stdin" is not true`)
  const streams = { stdin: wanted.stdin && spec?.stdin === true, tty: wanted.tty && spec?.tty === true }
  const ref = { namespace: target.namespace, name: pod.metadata.name ?? '' }
  return runInPod(target.api.connection, ref, { container, ...streams }, invocation)
}
