/** A pod runs as a ServiceAccount of its namespace, whose token it finds in a volume (plugin/pkg/admission/serviceaccount). */
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../kube/core.ts'
import { SERVICE_ACCOUNT_DIR } from '../../kube/names.ts'
import { generatedName } from '../resource/metadata.ts'
import { isOf, refused, type Stage } from './stage.ts'

export const SERVICE_ACCOUNT: Stage = {
  name: 'ServiceAccount',
  mutate(object, request, { store }) {
    const pod = object as unknown as Pod & { readonly spec?: PodSpec & PullSecrets }
    if (!isOf(request, 'pods') || !pod.spec) return object
    const { namespace = '' } = request
    const name = pod.spec.serviceAccountName || 'default'
    const account = store.get({ resource: 'serviceaccounts', namespace, name }) as Account | undefined
    if (!account) {
      const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`
      throw refused(request, why)
    }
    const isMounted = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
    const spec: PodSpec & PullSecrets = {
      ...pod.spec,
      serviceAccountName: name,
      ...(!pod.spec.imagePullSecrets?.length &&
        account.imagePullSecrets?.length && { imagePullSecrets: account.imagePullSecrets }),
    }
    return { ...object, spec: isMounted ? withTokenVolume(spec) : spec }
  },
}

interface PullSecrets {
  readonly imagePullSecrets?: readonly object[]
}
type Account = ServiceAccount & PullSecrets

/** Upstream's mark for tokens that the server added itself: seven seconds more than an hour. */
const TOKEN_SECONDS = 3607

function withTokenVolume(spec: PodSpec): PodSpec {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  if (containers.every(hasTokenMount)) return spec
  const name = generatedName('kube-api-access-')
  const mount = { name, readOnly: true, mountPath: SERVICE_ACCOUNT_DIR }
  const mounted = (container: Container): Container =>
    hasTokenMount(container) ? container : { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] }
  return {
    ...spec,
    volumes: [...(spec.volumes ?? []), tokenVolume(name)],
    // What is wrong with a pod without containers is told by validation, later.
    containers: (spec.containers ?? []).map(mounted),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mounted) }),
  }
}

const hasTokenMount = ({ volumeMounts = [] }: Container): boolean =>
  volumeMounts.some(mount => mount.mountPath === SERVICE_ACCOUNT_DIR)

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
})
