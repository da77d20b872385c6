/** Volumes, claims, classes and drivers: rules of pkg/apis/core/validation and pkg/apis/storage/validation. */

import { formatTime } from '../../base/clock.ts'
import { isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { denied, invalid, notSupported, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { checkName, qualifiedName } from './names.ts'
import { frozen } from './networking.ts'
import { type Errors, oneOf } from './small-rules.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

function checkModes(modes: unknown, detail: string): Errors {
  const given = Array.isArray(modes) ? modes : []
  if (given.length === 0) return [required('spec.accessModes', detail)]
  return given
    .filter(mode => !ACCESS_MODES.includes(mode))
    .map(mode => notSupported('spec.accessModes', mode, ACCESS_MODES))
}

/** All but what a bound claim may ask for later. */
const lasting = (spec: unknown): Fields => {
  const { resources, volumeAttributesClassName: _, volumeName: __, ...rest } = fieldsOf(spec)
  const { requests, ...others } = fieldsOf(resources)
  const { storage: ___, ...amounts } = fieldsOf(requests)
  return { ...rest, ...others, ...amounts }
}

const isBound = ({ status }: UnknownObject): boolean => fieldsOf(status).phase === 'Bound'
const storageOf = (spec: unknown): unknown => fieldsOf(fieldsOf(fieldsOf(spec).resources).requests).storage

export const PERSISTENT_VOLUME_CLAIM: Strategy = {
  validate: ({ spec }) => [
    ...checkModes(fieldsOf(spec).accessModes, 'at least 1 access mode is required'),
    ...(storageOf(spec) === undefined ? [required('spec.resources[storage]')] : []),
  ],
  validateUpdate: (next, old) =>
    isSame(lasting(next.spec), lasting(old.spec)) && (isBound(old) || storageOf(next.spec) === storageOf(old.spec))
      ? []
      : [
          denied(
            'spec',
            'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
          ),
        ],
}

/** Fields of a volume's spec that are not the volume itself. */
const NO_SOURCE = new Set(
  `capacity accessModes claimRef persistentVolumeReclaimPolicy storageClassName mountOptions volumeMode nodeAffinity
volumeAttributesClassName`.split(/\s+/),
)
const sourcesOf = (spec: unknown): Fields =>
  Object.fromEntries(Object.entries(fieldsOf(spec)).filter(([key]) => !NO_SOURCE.has(key)))

export const PERSISTENT_VOLUME: Strategy = {
  prepareCreate: (volume, now) => ({
    ...volume,
    status: { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) },
  }),
  validate: ({ spec }) => {
    const capacity = fieldsOf(fieldsOf(spec).capacity)
    const [first, ...more] = Object.keys(sourcesOf(spec))
    return [
      ...checkModes(fieldsOf(spec).accessModes, ''),
      ...(Object.keys(capacity).length === 0 ? [required('spec.capacity')] : []),
      ...(capacity.storage === undefined
        ? [notSupported('spec.capacity', fieldsOf(spec).capacity ?? null, ['storage'])]
        : []),
      ...(first === undefined ? [required('spec', 'must specify a volume type')] : []),
      ...more.map(name => denied(`spec.${name}`, 'may not specify more than 1 volume type')),
    ]
  },
  validateUpdate: (next, old) =>
    isSame(sourcesOf(next.spec), sourcesOf(old.spec))
      ? []
      : [denied('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')],
}

const RECLAIM = ['Delete', 'Retain']
const BINDING = ['Immediate', 'WaitForFirstConsumer']

export const STORAGE_CLASS: Strategy = {
  validate: ({ provisioner, reclaimPolicy, volumeBindingMode }) => [
    ...(provisioner
      ? checkName(qualifiedName, 'provisioner', String(provisioner).toLowerCase())
      : [required('provisioner')]),
    ...oneOf(RECLAIM, reclaimPolicy, 'reclaimPolicy'),
    ...oneOf(BINDING, volumeBindingMode, 'volumeBindingMode'),
  ],
  validateUpdate: (next, old) =>
    ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'].flatMap(key =>
      frozen(key, next[key], old[key]),
    ),
}

export const VOLUME_ATTRIBUTES_CLASS: Strategy = {
  validate: ({ driverName, parameters }) => [
    ...(driverName ? [] : [required('driverName')]),
    ...(Object.keys(fieldsOf(parameters)).length === 0
      ? [required('parameters', 'must contain at least one key/value pair')]
      : []),
  ],
  validateUpdate: (next, old) => [
    ...(next.driverName === old.driverName ? [] : [denied('driverName', 'updates to driverName are forbidden.')]),
    ...(isSame(next.parameters, old.parameters) ? [] : [denied('parameters', 'updates to parameters are forbidden.')]),
  ],
}

export const VOLUME_ATTACHMENT: Strategy = {
  validate: ({ spec }) => {
    const { attacher, nodeName } = fieldsOf(spec)
    return [...(attacher ? [] : [required('spec.attacher')]), ...(nodeName ? [] : [required('spec.nodeName')])]
  },
  validateUpdate: (next, old) => frozen('spec', next.spec, old.spec),
}

export const CSI_DRIVER: Strategy = {
  validateUpdate: (next, old) => {
    const [now, before] = [fieldsOf(next.spec), fieldsOf(old.spec)]
    return isSame(now.attachRequired, before.attachRequired)
      ? []
      : [invalid('spec.attachedRequired', now.attachRequired, 'field is immutable')]
  },
}
