/** Why a pod ended, in a few words for people: `pod train-1 exited 137 (OOMKilled)`. */
import type { ContainerState, Pod } from '../../kube/core.ts'

/** Of the pod that failed first; undefined when none of them says anything. */
export function firstFailure(pods: readonly Pod[]): string | undefined {
  const ends = pods.flatMap(pod => {
    const end = endOf(pod)
    return end ? [{ pod, end }] : []
  })
  ends.sort((a, b) => time(a.end) - time(b.end))
  const [first] = ends
  return first && describe(first.pod, first.end)
}

type Terminated = NonNullable<ContainerState['terminated']>

const time = ({ finishedAt }: Terminated): number => Date.parse(finishedAt ?? '') || Number.MAX_SAFE_INTEGER

function endOf({ status }: Pod): Terminated | undefined {
  return (status?.containerStatuses ?? [])
    .map(({ state, lastState }) => state?.terminated ?? lastState?.terminated)
    .find(terminated => terminated !== undefined && terminated.exitCode !== 0)
}

function describe({ metadata, status }: Pod, { exitCode, reason, message }: Terminated): string {
  const detail = [reason === 'Error' ? undefined : reason, message?.trim() || status?.message]
    .filter(Boolean)
    .join(': ')
  return `pod ${metadata.name} exited ${exitCode}${detail ? ` (${detail})` : ''}`
}
