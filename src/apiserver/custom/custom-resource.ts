/** A CustomResourceDefinition's served versions as resources: the same engine, with the schema and the columns that it declares. */
import { objectMetaSchema } from '../../kube/built-in-schema.ts'
import type { UnknownObject } from '../../kube/object.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { applyDefaults } from '../../kube/schema-default.ts'
import type { CustomResourceDefinition, CustomResourceVersion } from '../../kube/workloads.ts'
import { dnsSubdomain } from '../kinds/names.ts'
import { fieldAt } from '../kinds/selectable-fields.ts'
import type { Resource, ScalePaths } from '../resource/resource.ts'
import { customColumns } from '../tables/custom-columns.ts'
import { customValidator } from './custom-validation.ts'

export const storedPlace = ({ spec }: CustomResourceDefinition): string => `${spec.group}/${spec.names.plural}`

export const servedResources = (crd: CustomResourceDefinition): readonly Resource[] =>
  crd.spec.versions.filter(version => version.served).map(version => servedResource(crd, version))

function servedResource(crd: CustomResourceDefinition, version: CustomResourceVersion): Resource {
  const { group, names, scope } = crd.spec
  const apiVersion = `${group}/${version.name}`
  const storage = crd.spec.versions.find(each => each.storage) ?? version
  const storedVersion = `${group}/${storage.name}`
  const { subresources = {} } = version
  const schema = wholeSchema(version.schema?.openAPIV3Schema ?? KEEPS_ALL)
  const scale = subresources.scale && scalePaths(subresources.scale)
  return {
    info: {
      group,
      version: version.name,
      kind: names.kind,
      plural: names.plural,
      singular: names.singular ?? names.kind.toLowerCase(),
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      namespaced: scope === 'Namespaced',
      subresources: Object.keys(subresources),
    },
    apiVersion,
    storedAs: storedPlace(crd),
    storedVersion,
    isCustom: true,
    strategy: { nameRule: dnsSubdomain, hasGeneration: true, validate: customValidator(schema, scale) },
    columns: once(() => customColumns(version.additionalPrinterColumns)),
    schema: () => schema,
    ...(scale && { scale }),
    selectableFields: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => [trimDot(jsonPath), textAt(trimDot(jsonPath))]),
    ),
    ...(storedVersion !== apiVersion && { conversion: betweenVersions(apiVersion, storedVersion, schema) }),
  }
}

const KEEPS_ALL: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** What every object has, whatever the CRD says of it. */
const wholeSchema = (schema: StructuralSchema): StructuralSchema => ({
  ...schema,
  properties: {
    ...schema.properties,
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: objectMetaSchema(),
  },
})

/** Conversion strategy `None`: only the version changes; the served one's defaults fill what the stored one does not know. */
const betweenVersions = (apiVersion: string, storedVersion: string, schema: StructuralSchema) => ({
  fromStored: (object: UnknownObject): UnknownObject =>
    applyDefaults(schema, { ...object, apiVersion }) as UnknownObject,
  toStored: (object: UnknownObject): UnknownObject => ({ ...object, apiVersion: storedVersion }),
})

type Scale = NonNullable<NonNullable<CustomResourceVersion['subresources']>['scale']>

const scalePaths = ({ specReplicasPath, statusReplicasPath, labelSelectorPath }: Scale): ScalePaths => ({
  specReplicas: trimDot(specReplicasPath).split('.'),
  statusReplicas: trimDot(statusReplicasPath).split('.'),
  ...(labelSelectorPath && { selector: trimDot(labelSelectorPath).split('.') }),
})

/** An absent field is selected by the empty text. */
const textAt = (path: string) => {
  const read = fieldAt(path)
  return (object: UnknownObject): string => read(object) ?? ''
}

const trimDot = (path: string): string => path.replace(/^\./, '')

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
