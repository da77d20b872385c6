/**
 * As whom a container's programs run: `runAsUser`, `runAsGroup` and the groups of `securityContext`, where this agent is root and may choose.
 * Elsewhere everybody is whoever started the cluster.
 */
import { existsSync } from 'node:fs'
import type { Container, Pod } from '../../kube/core.ts'

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv'].find(path => existsSync(path))

/** Put before a command; it replaces itself by it, so that no process is added. */
export function runAs(
  { spec }: Pod,
  { securityContext }: Container,
  isRoot = process.getuid?.() === 0,
  setpriv = SETPRIV,
): readonly string[] {
  const user = securityContext?.runAsUser ?? spec.securityContext?.runAsUser
  const group = securityContext?.runAsGroup ?? spec.securityContext?.runAsGroup
  const { fsGroup, supplementalGroups = [] } = spec.securityContext ?? {}
  const isRootAnyway = (user ?? 0) === 0 && (group ?? 0) === 0
  if (!isRoot || setpriv === undefined || isRootAnyway) return []
  const groups = [...new Set([...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])])]
  const more = groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups']
  return [setpriv, '--reuid', String(user ?? 0), '--regid', String(group ?? 0), ...more, '--']
}
