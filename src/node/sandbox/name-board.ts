/**
 * The names that pods see, by namespace. The network room publishes them, the node agent tells which sandbox a pod has; every sandbox in use
 * gets the newest when it is taken and whenever they change.
 */
import type { HostsEntry } from './hosts-file.ts'
import type { Sandbox } from './sandbox.ts'

export interface NameBoard {
  /** Names as they are seen from each namespace. Equal arrays say that nothing changed there. */
  publish(entriesOf: (namespace: string) => readonly HostsEntry[]): void
  /** A pod begins to use a sandbox. Resolves when host name and names are there. */
  assign(podUid: string, namespace: string, hostname: string, sandbox: Sandbox, own?: OwnNames): Promise<void>
  release(podUid: string): void
}

/** What only this pod's resolver reads. */
export interface OwnNames {
  readonly entries: readonly HostsEntry[]
  /** The text of its resolv.conf, where DNS answers. */
  readonly resolver?: string
}

interface Assignment {
  readonly namespace: string
  readonly hostname: string
  readonly sandbox: Sandbox
  readonly own: OwnNames
  written: readonly HostsEntry[]
}

const NOTHING_OWN: OwnNames = { entries: [] }

const set = ({ sandbox, hostname, own, written }: Assignment): Promise<void> =>
  sandbox.setHosts(hostname, [...own.entries, ...written], own.resolver)

export function createNameBoard(log: (message: string) => void = () => {}): NameBoard {
  const assignments = new Map<string, Assignment>()
  let entriesOf: (namespace: string) => readonly HostsEntry[] = () => []

  async function write(assignment: Assignment): Promise<void> {
    const entries = entriesOf(assignment.namespace)
    if (entries === assignment.written) return
    assignment.written = entries
    await set(assignment)
  }

  return {
    publish(next) {
      entriesOf = next
      for (const assignment of assignments.values()) {
        write(assignment).catch(error => log(`names of sandbox ${assignment.sandbox.id}: ${(error as Error).message}`))
      }
    },
    async assign(podUid, namespace, hostname, sandbox, own = NOTHING_OWN) {
      const assignment: Assignment = { namespace, hostname, sandbox, own, written: entriesOf(namespace) }
      assignments.set(podUid, assignment)
      await set(assignment)
    },
    release: podUid => void assignments.delete(podUid),
  }
}
