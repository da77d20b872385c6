/** ObjectMeta: what the server fills in, what it carries over from the old state, what it refuses (apimachinery's api/validation). */
import { randomBytes, randomUUID } from 'node:crypto'
import { formatTime } from '../../base/clock.ts'
import { isSame } from '../../kube/equal.ts'
import type { ObjectMeta, OwnerReference, UnknownObject } from '../../kube/object.ts'
import { checkAnnotations, checkLabels, checkName, dnsLabel, dnsSubdomain, qualifiedName } from '../kinds/names.ts'
import { denied, type FieldError, invalid, required } from './field-error.ts'
import { only, without } from './json.ts'
import type { Resource } from './resource.ts'

/** No vowels, so that no words come out, and nothing that looks like something else (apimachinery's util/rand). */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5
const MAX_GENERATED_LENGTH = 63

export function generatedName(base: string): string {
  let suffix = ''
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += SUFFIX_ALPHABET[randomByte() % SUFFIX_ALPHABET.length]
  return base.slice(0, MAX_GENERATED_LENGTH - SUFFIX_LENGTH) + suffix
}

/** Fetched many at once: a name costs five. */
let bytes = new Uint8Array(0)
let used = 0

function randomByte(): number {
  if (used === bytes.length) {
    bytes = randomBytes(1024)
    used = 0
  }
  return bytes[used++] ?? 0
}

/** What only the server may say of an object's life. */
const LIFE: readonly (keyof ObjectMeta)[] = [
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]

/** The metadata of a new object: what only the server may say replaces whatever was given. */
export function newMetadata(
  given: ObjectMeta,
  resource: Resource,
  namespace: string | undefined,
  now: number,
): ObjectMeta {
  return {
    ...without(given, LIFE),
    ...(given.generateName !== undefined && { generateName: given.generateName }),
    ...(namespace !== undefined && { namespace }),
    uid: randomUUID(),
    ...(resource.strategy.hasGeneration && { generation: 1 }),
    creationTimestamp: formatTime(now),
  }
}

/** The metadata of a changed object: identity and life are the old one's, whatever the client sent. */
export const carriedMetadata = (old: ObjectMeta, given: ObjectMeta): ObjectMeta => ({
  ...without(given, LIFE),
  name: old.name,
  ...only(old, LIFE),
})

export function validateMetadata({ metadata }: UnknownObject, resource: Resource): readonly FieldError[] {
  const { name = '', ownerReferences = [], finalizers = [] } = metadata
  return [
    ...(name === ''
      ? [required('metadata.name', 'name or generateName is required')]
      : checkName(resource.strategy.nameRule ?? dnsSubdomain, 'metadata.name', name)),
    ...(resource.info.namespaced && metadata.namespace
      ? checkName(dnsLabel, 'metadata.namespace', metadata.namespace)
      : []),
    ...checkLabels(metadata.labels, 'metadata.labels'),
    ...checkAnnotations(metadata.annotations, 'metadata.annotations'),
    ...ownerReferences.flatMap((ref, i) => checkOwner(ref, `metadata.ownerReferences[${i}]`)),
    ...checkControllers(ownerReferences),
    ...checkFinalizers(finalizers, resource),
  ]
}

function checkOwner(ref: OwnerReference, field: string): readonly FieldError[] {
  return [
    ...(ref.apiVersion ? [] : [invalid(`${field}.apiVersion`, '', 'version must not be empty')]),
    ...(['kind', 'name', 'uid'] as const).flatMap(key =>
      ref[key] ? [] : [required(`${field}.${key}`, 'must not be empty')],
    ),
  ]
}

/** Finalizers that have no domain before their name; upstream takes no other such for its own kinds. */
const STANDARD_FINALIZERS = ['kubernetes', 'foregroundDeletion', 'orphan']

function checkFinalizers(finalizers: readonly string[], { info, isCustom }: Resource): readonly FieldError[] {
  const field = 'metadata.finalizers'
  return [
    ...finalizers.flatMap(finalizer => checkName(qualifiedName, field, finalizer)),
    ...finalizers.flatMap((finalizer, i) =>
      isCustom ||
      info.group === 'apiextensions.k8s.io' ||
      finalizer.includes('/') ||
      STANDARD_FINALIZERS.includes(finalizer)
        ? []
        : [invalid(`${field}[${i}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')],
    ),
  ]
}

function checkControllers(refs: readonly OwnerReference[]): readonly FieldError[] {
  const controllers = refs.filter(ref => ref.controller)
  if (controllers.length < 2) return []
  const names = controllers.slice(0, 2).map(({ kind, name }) => `${kind}/${name}`)
  return [
    invalid(
      'metadata.ownerReferences',
      refs,
      `Only one reference can have Controller set to true. Found "true" in references for ${names.join(' and ')}`,
    ),
  ]
}

export function validateMetadataUpdate({ metadata }: UnknownObject, old: UnknownObject): readonly FieldError[] {
  if (old.metadata.deletionTimestamp === undefined) return []
  const before = old.metadata.finalizers ?? []
  const added = (metadata.finalizers ?? []).filter(finalizer => !before.includes(finalizer))
  if (added.length === 0) return []
  const shown = `[]string{${added.map(name => JSON.stringify(name)).join(', ')}}`
  return [
    denied(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
    ),
  ]
}

/** `field is immutable`, when it has changed. */
export const immutable = (field: string, now: unknown, before: unknown): readonly FieldError[] =>
  isSame(now, before) ? [] : [invalid(field, now ?? null, 'field is immutable')]
