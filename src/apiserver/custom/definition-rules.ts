/** What a CustomResourceDefinition itself may be (apiextensions-apiserver/pkg/apis/apiextensions/validation). */
import { isRecord, isSame } from '../../kube/equal.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { validateSchema } from '../../kube/schema-validate.ts'
import type { CustomResourceDefinition, CustomResourceVersion } from '../../kube/workloads.ts'
import { checkName, dns1035Label, dnsLabel, dnsSubdomain } from '../kinds/names.ts'
import { denied, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { parseJsonPath } from '../tables/custom-columns.ts'

type Errors = readonly FieldError[]

/** Takes the instances away before the definition goes. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

export const DEFINITION: Strategy<CustomResourceDefinition> = {
  nameRule: dnsSubdomain,
  hasGeneration: true,
  prepareCreate: crd => ({
    ...crd,
    metadata: {
      ...crd.metadata,
      finalizers: [...new Set([...(crd.metadata.finalizers ?? []), CLEANUP_FINALIZER])],
    },
    status: undefined as never,
  }),
  default: definitionDefaults,
  validate: validateDefinition,
  validateUpdate: ({ spec }, { spec: old }) => [
    ...immutable('spec.group', spec.group, old.group),
    ...immutable('spec.scope', spec.scope, old.scope),
    ...immutable('spec.names.plural', spec.names.plural, old.names.plural),
    ...immutable('spec.names.kind', spec.names.kind, old.names.kind),
  ],
}

function definitionDefaults(crd: CustomResourceDefinition): CustomResourceDefinition {
  const { spec } = crd
  if (!spec?.names) return crd
  const { kind = '' } = spec.names
  const names = { singular: kind.toLowerCase(), listKind: `${kind}List`, ...spec.names }
  return { ...crd, spec: { ...{ conversion: { strategy: 'None' } }, ...spec, names } }
}

function validateDefinition({ metadata, spec }: CustomResourceDefinition): Errors {
  if (!spec) return [required('spec')]
  const { group, names, scope, versions } = spec
  const expected = `${names?.plural}.${group}`
  return [
    ...(group ? checkName(dnsSubdomain, 'spec.group', group) : [required('spec.group')]),
    ...(group && !group.includes('.')
      ? [invalid('spec.group', group, 'should be a domain with at least one dot')]
      : []),
    ...(['Cluster', 'Namespaced'].includes(scope)
      ? []
      : [notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])]),
    ...(names?.plural ? checkName(dns1035Label, 'spec.names.plural', names.plural) : [required('spec.names.plural')]),
    ...(names?.kind
      ? checkName(dns1035Label, 'spec.names.kind', names.kind.toLowerCase())
      : [required('spec.names.kind')]),
    ...(metadata.name === expected
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(spec.preserveUnknownFields
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
    ...validateVersions(versions ?? []),
  ]
}

function validateVersions(versions: readonly CustomResourceVersion[]): Errors {
  const numStored = versions.filter(version => version.storage).length
  return [
    ...(versions.length === 0 ? [required('spec.versions', 'must have at least one version')] : []),
    ...(versions.length > 0 && numStored !== 1
      ? [
          invalid(
            'spec.versions',
            versions.map(v => v.name),
            'must have exactly one version marked as storage version',
          ),
        ]
      : []),
    ...versions.flatMap((version, i) => validateVersion(version, `spec.versions[${i}]`)),
  ]
}

function validateVersion(version: CustomResourceVersion, field: string): Errors {
  const { name, schema, additionalPrinterColumns = [], subresources } = version
  const root = schema?.openAPIV3Schema
  const scale = subresources?.scale
  return [
    ...(name ? checkName(dnsLabel, `${field}.name`, name) : [required(`${field}.name`)]),
    ...(root
      ? validateStructural(root, `${field}.schema.openAPIV3Schema`, true)
      : [required(`${field}.schema.openAPIV3Schema`, 'schemas are required')]),
    ...additionalPrinterColumns.flatMap((column, j) =>
      parseJsonPath(column.jsonPath ?? '')
        ? []
        : [invalid(`${field}.additionalPrinterColumns[${j}].jsonPath`, column.jsonPath, 'is an invalid JSONPath')],
    ),
    ...(scale && !/^\.spec\./.test(scale.specReplicasPath)
      ? [
          invalid(
            `${field}.subresources.scale.specReplicasPath`,
            scale.specReplicasPath,
            'should be a json path under .spec',
          ),
        ]
      : []),
    ...(scale && !/^\.status\./.test(scale.statusReplicasPath)
      ? [
          invalid(
            `${field}.subresources.scale.statusReplicasPath`,
            scale.statusReplicasPath,
            'should be a json path under .status',
          ),
        ]
      : []),
  ]
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
/** Schema keywords whose meaning a structural schema gives up. */
const FORBIDDEN = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id'] as const

/** Every place has exactly one type, so that pruning and defaulting have one answer (KEP-1979's structural schemas). */
function validateStructural(schema: StructuralSchema, field: string, isRoot = false): Errors {
  if (typeof schema !== 'object' || schema === null) return [invalid(field, schema, 'must be an object')]
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  const { type, properties, items, additionalProperties } = schema
  return [
    ...(type === undefined && !isFree
      ? [required(`${field}.type`, 'must not be empty for specified object fields')]
      : []),
    ...(type !== undefined && !TYPES.includes(type) ? [notSupported(`${field}.type`, type, TYPES)] : []),
    ...(isRoot && type !== undefined && type !== 'object'
      ? [invalid(`${field}.type`, type, 'must be object at the root')]
      : []),
    ...FORBIDDEN.filter(key => key in schema).map(key => denied(`${field}.${key}`, 'must not be specified')),
    ...(type === 'array' && !items ? [required(`${field}.items`, 'must be specified')] : []),
    ...(properties && isRecord(additionalProperties)
      ? [denied(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...validatePattern(schema, field),
    ...validateDefault(schema, field),
    ...Object.entries(properties ?? {}).flatMap(([name, property]) =>
      isRoot && name === 'metadata' ? [] : validateStructural(property, `${field}.properties[${name}]`),
    ),
    ...(items ? validateStructural(items, `${field}.items`) : []),
    ...(isRecord(additionalProperties)
      ? validateStructural(additionalProperties as StructuralSchema, `${field}.additionalProperties`)
      : []),
  ]
}

function validatePattern({ pattern }: StructuralSchema, field: string): Errors {
  if (pattern === undefined) return []
  try {
    new RegExp(pattern)
    return []
  } catch (error) {
    return [
      invalid(
        `${field}.pattern`,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    ]
  }
}

function validateDefault(schema: StructuralSchema, field: string): Errors {
  if (schema.default === undefined || (schema.default === null && schema.nullable)) return []
  const wrong = validateSchema(schema, schema.default)
  return wrong.length === 0 ? [] : [invalid(`${field}.default`, schema.default, wrong[0]?.detail || 'must be valid')]
}

/** Names that another definition of the same group has already. */
export function takenNames(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): readonly string[] {
  const namesOf = ({ spec: { names } }: CustomResourceDefinition): readonly string[] =>
    [names.plural, names.singular ?? '', ...(names.shortNames ?? [])].filter(Boolean)
  const rivals = others.filter(other => other.metadata.uid !== crd.metadata.uid && other.spec.group === crd.spec.group)
  const taken = new Set(rivals.flatMap(namesOf))
  const kinds = new Set(rivals.map(other => other.spec.names.kind))
  return [
    ...namesOf(crd).filter(name => taken.has(name)),
    ...(kinds.has(crd.spec.names.kind) ? [crd.spec.names.kind] : []),
  ]
}

export const isSameSpec = (a: CustomResourceDefinition, b: CustomResourceDefinition): boolean => isSame(a.spec, b.spec)
