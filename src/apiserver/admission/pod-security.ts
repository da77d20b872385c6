/** A namespace's label says how much its pods may ask of the machine (k8s.io/pod-security-admission); here only `enforce`. */
import type { Pod } from '../../kube/core.ts'
import { LEVELS } from './pod-security-checks.ts'
import { isOf, refused, type Stage } from './stage.ts'

const ENFORCE = 'pod-security.kubernetes.io/enforce'

export const POD_SECURITY: Stage = {
  name: 'PodSecurity',
  check(request, { store }) {
    const { namespace = '', object, operation, subresource } = request
    const isLooked = operation === 'CREATE' || subresource === 'ephemeralcontainers'
    if (!isOf(request, 'pods') || !object || !isLooked) return
    const labels = store.get({ resource: 'namespaces', namespace: '', name: namespace })?.metadata.labels
    const level = labels?.[ENFORCE] ?? 'privileged'
    const { spec } = object as unknown as Pod
    const wrong = (LEVELS[level] ?? []).flatMap(check => {
      const found = check(spec)
      return found ? [`${found[0]} (${found[1]})`] : []
    })
    const version = labels?.[`${ENFORCE}-version`] ?? 'latest'
    if (wrong.length > 0) throw refused(request, `violates PodSecurity "${level}:${version}": ${wrong.join(', ')}`)
  },
}
