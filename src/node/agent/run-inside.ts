/** Runs a command inside a container to its end, for probes and hooks: the container's namespaces, variables and folder. */
import type { Container, Pod } from '../../kube/core.ts'
import type { CommandEnd } from '../probes/run-handler.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { AgentParts } from './agent-parts.ts'
import { insideOf, programProblem } from './start-container.ts'

/** The shell stays outside the pod's process namespace; what it starts is inside. */
const INSIDE = 'cd "$0" 2>/dev/null || exit 128; (exec "$@"); exit $?'
/** Of a command that was killed at its time. */
const TIMED_OUT = 124
/** As much as the kubelet keeps of a probe's output. */
const MAX_OUTPUT = 10 * 1024

export async function runInside(
  parts: AgentParts,
  pod: Pod,
  container: Container,
  sandbox: Sandbox,
  command: readonly string[],
  timeoutMs: number | undefined,
): Promise<CommandEnd> {
  const inside = await insideOf(parts, pod, container, sandbox)
  if ('problems' in inside) throw new Error(inside.problems)
  const { as, env, cwd } = inside
  const problem = programProblem(command, env, cwd, sandbox.root)
  if (problem) return { code: 127, output: problem, isTimedOut: false }
  const argv = [...sandbox.enter, '/bin/sh', '-c', INSIDE, cwd, ...as, ...command]
  const begunMs = parts.clock.monotonicMs()
  const { code, stdout, stderr } = await parts.spawner.run(argv, { env, timeoutMs })
  const isTimedOut = code === TIMED_OUT && timeoutMs !== undefined && parts.clock.monotonicMs() - begunMs >= timeoutMs
  return { code, output: `${stdout}${stderr}`.slice(0, MAX_OUTPUT), isTimedOut }
}
