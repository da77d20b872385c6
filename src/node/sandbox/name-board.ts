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
  assign(podUid: string, namespace: string, hostname: string, sandbox: Sandbox): Promise<void>
  release(podUid: string): void
}

interface Assignment {
  readonly namespace: string
  readonly hostname: string
  readonly sandbox: Sandbox
  written: readonly HostsEntry[]
}

export function createNameBoard(log: (message: string) => void = () => {}): NameBoard {
  const assignments = new Map<string, Assignment>()
  let entriesOf: (namespace: string) => readonly HostsEntry[] = () => []

  async function write(assignment: Assignment): Promise<void> {
    const { namespace, hostname, sandbox } = assignment
    const entries = entriesOf(namespace)
    if (entries === assignment.written) return
    assignment.written = entries
    await sandbox.setHosts(hostname, entries)
  }

  return {
    publish(next) {
      entriesOf = next
      for (const assignment of assignments.values()) {
        write(assignment).catch(error => log(`names of sandbox ${assignment.sandbox.id}: ${(error as Error).message}`))
      }
    },
    async assign(podUid, namespace, hostname, sandbox) {
      const assignment: Assignment = { namespace, hostname, sandbox, written: entriesOf(namespace) }
      assignments.set(podUid, assignment)
      await sandbox.setHosts(hostname, assignment.written)
    },
    release: podUid => void assignments.delete(podUid),
  }
}
