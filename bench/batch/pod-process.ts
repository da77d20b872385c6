/** Finds the processes of a pod in the state folder of an embedded cluster, so that one can be killed as a user's bug or the kernel would. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeApi } from '../../src/client/kube-api.ts'
import type { Pod } from '../../src/kube/core.ts'

/** The innermost process of each running worker pod of a job, in the order of their names. */
export async function workerProcesses(api: KubeApi, state: string, job: string): Promise<readonly number[]> {
  const labelSelector = `solvent.dev/name=${job},solvent.dev/role=worker`
  const { items } = await api.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'default' }, { labelSelector })
  const running = items.filter(pod => pod.status?.phase === 'Running')
  return running.map(pod => containerProcess(state, pod.metadata.uid!)).filter(pid => pid !== undefined)
}

/** The process that a container's wrapper (and its guard) ended up in; undefined while it has none. Linux. */
export function containerProcess(state: string, podUid: string): number | undefined {
  const home = join(state, 'pods', podUid)
  const status = readdirSync(home, { recursive: true, encoding: 'utf8' }).find(name => name.endsWith('/status'))
  const wrapper = status && /^(?:started|pid) (\d+)/m.exec(readFileSync(join(home, status), 'utf8'))?.[1]
  let pid = Number(wrapper)
  for (let child = pid; child > 0; ) {
    pid = child
    child = Number(/\d+/.exec(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'))?.[0] ?? 0)
  }
  return pid > 0 && pid !== Number(wrapper) ? pid : undefined
}
