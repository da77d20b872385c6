/** Columns of volumes, claims, their classes and drivers. */
import { AGE, type Column, CREATED_AT, NAME, NONE, text, wide } from './column.ts'
import { at, field, listAt, textAt, typed } from './field.ts'

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** In upstream's order, each once. */
function accessModes(object: unknown, path: string): string {
  const given = new Set((at(object, path) as readonly string[] | undefined) ?? [])
  return Object.entries(MODES)
    .flatMap(([mode, short]) => (given.has(mode) ? [short] : []))
    .join(',')
}

const phase = (object: { readonly metadata: { readonly deletionTimestamp?: string } }): string =>
  object.metadata.deletionTimestamp ? 'Terminating' : textAt(object, 'status.phase')

const storageClass = (object: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
}): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? textAt(object, 'spec.storageClassName')

const VOLUME_ATTRIBUTES_CLASS = field('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>')
const VOLUME_MODE = wide(field('VolumeMode', 'spec.volumeMode', '<unset>'))

export const PERSISTENT_VOLUME_COLUMNS: readonly Column[] = [
  NAME,
  field('Capacity', 'spec.capacity.storage', '0'),
  text('Access Modes', volume => accessModes(volume, 'spec.accessModes')),
  field('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
  text('Status', phase),
  text('Claim', volume =>
    at(volume, 'spec.claimRef')
      ? `${textAt(volume, 'spec.claimRef.namespace')}/${textAt(volume, 'spec.claimRef.name')}`
      : '',
  ),
  text('StorageClass', storageClass),
  VOLUME_ATTRIBUTES_CLASS,
  field('Reason', 'status.reason'),
  AGE,
  VOLUME_MODE,
]

const isBound = (claim: unknown): boolean => textAt(claim, 'spec.volumeName') !== ''

export const PERSISTENT_VOLUME_CLAIM_COLUMNS: readonly Column[] = [
  NAME,
  text('Status', phase),
  field('Volume', 'spec.volumeName'),
  text('Capacity', claim => (isBound(claim) ? textAt(claim, 'status.capacity.storage', '0') : '')),
  text('Access Modes', claim => (isBound(claim) ? accessModes(claim, 'status.accessModes') : '')),
  text('StorageClass', storageClass),
  VOLUME_ATTRIBUTES_CLASS,
  AGE,
  VOLUME_MODE,
]

/** Classes say by an annotation that they are taken where none is asked for. */
const classNamed = (annotation: string): Column => ({
  ...NAME,
  cell: ({ metadata: { name = '', annotations } }) =>
    annotations?.[annotation] === 'true' ? `${name} (default)` : name,
})

export const STORAGE_CLASS_COLUMNS: readonly Column[] = [
  classNamed('storageclass.kubernetes.io/is-default-class'),
  field('Provisioner', 'provisioner'),
  field('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
  field('VolumeBindingMode', 'volumeBindingMode', '<unset>'),
  text('AllowVolumeExpansion', object => at(object, 'allowVolumeExpansion') === true),
  AGE,
]

export const INGRESS_CLASS_NAME = classNamed('ingressclass.kubernetes.io/is-default-class')

const flag = (name: string, path: string, otherwise: boolean): Column =>
  typed(name, 'boolean', object => (at(object, path) as boolean | undefined) ?? otherwise)

export const CSI_DRIVER_COLUMNS: readonly Column[] = [
  NAME,
  flag('AttachRequired', 'spec.attachRequired', true),
  flag('PodInfoOnMount', 'spec.podInfoOnMount', false),
  flag('StorageCapacity', 'spec.storageCapacity', false),
  text('TokenRequests', driver =>
    at(driver, 'spec.tokenRequests')
      ? listAt(driver, 'spec.tokenRequests')
          .map(request => String(request.audience))
          .join(',')
      : '<unset>',
  ),
  flag('RequiresRepublish', 'spec.requiresRepublish', false),
  text(
    'Modes',
    driver => (at(driver, 'spec.volumeLifecycleModes') as readonly string[] | undefined)?.join(',') || NONE,
  ),
  AGE,
]

export const CSI_NODE_COLUMNS: readonly Column[] = [
  NAME,
  typed('Drivers', 'integer', node => listAt(node, 'spec.drivers').length),
  AGE,
]

export const CSI_STORAGE_CAPACITY_COLUMNS: readonly Column[] = [NAME, CREATED_AT]

export const VOLUME_ATTACHMENT_COLUMNS: readonly Column[] = [
  NAME,
  { ...field('Attacher', 'spec.attacher'), format: 'name' },
  field('PV', 'spec.source.persistentVolumeName'),
  field('Node', 'spec.nodeName'),
  flag('Attached', 'status.attached', false),
  AGE,
]

export const VOLUME_ATTRIBUTES_CLASS_COLUMNS: readonly Column[] = [
  classNamed('storageclass.kubernetes.io/is-default-class'),
  field('DriverName', 'driverName'),
  AGE,
]
