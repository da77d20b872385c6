/** Claims and Ingresses that name no class get the default one (plugin/pkg/admission/storage/storageclass/setdefault, network/defaultingressclass). */
import type { UnknownObject } from '../../kube/object.ts'
import type { Store } from '../store/store.ts'
import { isOf, type Stage } from './stage.ts'

interface Kind {
  readonly stage: string
  readonly objects: string
  readonly classes: string
  readonly field: string
  /** Where older clients name the class. */
  readonly annotation: string
  readonly isDefault: string
}

const byDefault = ({ stage, objects, classes, field, annotation, isDefault }: Kind): Stage => ({
  name: stage,
  mutate(object, request, { store }) {
    if (!isOf(request, objects)) return object
    const spec = (object.spec ?? {}) as Readonly<Record<string, unknown>>
    if (spec[field] !== undefined || object.metadata.annotations?.[annotation] !== undefined) return object
    const name = defaultOf(store, classes, isDefault)
    return name === undefined ? object : { ...object, spec: { ...spec, [field]: name } }
  },
})

/** Of several the newest, then the first by name. */
function defaultOf(store: Store, classes: string, annotation: string): string | undefined {
  const created = ({ metadata }: UnknownObject): string => metadata.creationTimestamp ?? ''
  return store
    .list({ resource: classes })
    .items.filter(({ metadata }) => metadata.annotations?.[annotation] === 'true')
    .reduce<UnknownObject | undefined>(
      (best, next) => (best && created(best) >= created(next) ? best : next),
      undefined,
    )?.metadata.name
}

export const DEFAULT_STORAGE_CLASS = byDefault({
  stage: 'DefaultStorageClass',
  objects: 'persistentvolumeclaims',
  classes: 'storage.k8s.io/storageclasses',
  field: 'storageClassName',
  annotation: 'volume.beta.kubernetes.io/storage-class',
  isDefault: 'storageclass.kubernetes.io/is-default-class',
})

export const DEFAULT_INGRESS_CLASS = byDefault({
  stage: 'DefaultIngressClass',
  objects: 'networking.k8s.io/ingresses',
  classes: 'networking.k8s.io/ingressclasses',
  field: 'ingressClassName',
  annotation: 'kubernetes.io/ingress.class',
  isDefault: 'ingressclass.kubernetes.io/is-default-class',
})
