/** Removes the control groups of a cluster that is gone, for `down` and whoever else cleans up after it. */
import { forgetPlace, notedRoot } from './cgroup-place.ts'

/** Whatever still runs in them is a pod's, and is killed. False: the kernel was not done with that yet. */
export function sweepCgroups(stateDir: string): boolean {
  const root = notedRoot(stateDir)?.root
  if (!root) return true
  for (const name of root.children()) {
    const group = root.child(name)
    for (const pid of group.processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    group.remove()
  }
  if (!root.remove()) return false
  forgetPlace(stateDir)
  return true
}
