/** What the versions of a definition may be: their schemas, subresources, columns and selectable fields. */
import { isSame } from '../../kube/equal.ts'
import type { StructuralSchema } from '../../kube/schema.ts'
import { parseRulePath } from '../../kube/schema-rules.ts'
import type { CustomResourceDefinition, CustomResourceVersion } from '../../kube/workloads.ts'
import { dns1035Label } from '../kinds/names.ts'
import { denied, duplicate, type FieldError, invalid, required } from '../resource/field-error.ts'
import { checked } from './checked.ts'
import { defaultProblems } from './default-rules.ts'
import { openApiProblems } from './open-api-rules.ts'
import { structuralProblems } from './structural-rules.ts'

type Errors = readonly FieldError[]

/** What all versions say alike is, upstream, said once and so complained of once: at the top. `sound`: schemas that need no judging. */
export function versionsProblems(
  versions: readonly CustomResourceVersion[],
  old: CustomResourceDefinition | undefined,
  sound: readonly unknown[] = [],
): Errors {
  if (versions.length === 0) return [storageCount([], [])]
  const [first] = versions
  const isShared = (key: keyof CustomResourceVersion): boolean =>
    first?.[key] !== undefined && versions.every(version => isSame(version[key], first[key]))
  const shared = {
    schema: isShared('schema'),
    subresources: isShared('subresources'),
    columns: isShared('additionalPrinterColumns'),
    selectableFields: isShared('selectableFields'),
  }
  const names = versions.map(version => version.name)
  const hasAllSchemas = versions.every(version => version.schema?.openAPIV3Schema)
  const schemaErrors = (version: CustomResourceVersion, base: string): Errors => {
    const before = old?.spec.versions.find(each => each.name === version.name)
    if (before && isSame(before.schema, version.schema)) return []
    if (sound.some(schema => isSame(schema, version.schema))) return []
    return schemaProblems(version, `${base}.openAPIV3Schema`)
  }
  return [
    ...(hasAllSchemas
      ? []
      : versions.flatMap((version, i) =>
          version.schema?.openAPIV3Schema ? [] : [required(`spec.versions[${i}].schema.openAPIV3Schema`)],
        )),
    ...versions.flatMap((version, i) => [
      ...checked(`spec.versions[${i}].name`, version.name ?? '', dns1035Label),
      ...(version.name ? [] : [required(`spec.versions[${i}].name`)]),
      ...deprecationProblems(version, `spec.versions[${i}]`),
      ...(shared.schema ? [] : schemaErrors(version, `spec.versions[${i}].schema`)),
      ...(shared.subresources ? [] : scaleProblems(version, `spec.versions[${i}].subresources`)),
      ...(shared.columns ? [] : columnProblems(version, `spec.versions[${i}]`)),
      ...(shared.selectableFields ? [] : selectableProblems(version, `spec.versions[${i}]`)),
    ]),
    ...(new Set(names).size === names.length
      ? []
      : [invalid('spec.versions', versions, 'must contain unique version names')]),
    ...(versions.filter(version => version.storage).length === 1
      ? []
      : [
          storageCount(
            versions,
            Object.keys(shared).filter(key => shared[key as keyof typeof shared]),
          ),
        ]),
    ...(first && shared.schema ? schemaErrors(first, 'spec.validation') : []),
    ...(first && shared.subresources ? scaleProblems(first, 'spec.subresources') : []),
    ...(first && shared.columns ? columnProblems(first, 'spec') : []),
    ...(first && shared.selectableFields ? selectableProblems(first, 'spec') : []),
  ]
}

/** As upstream's message shows versions: the fields of its Go struct, without what all versions share. */
const storageCount = (versions: readonly CustomResourceVersion[], shared: readonly string[]): FieldError => {
  const own = (key: string, value: unknown): unknown => (shared.includes(key) ? null : (value ?? null))
  const shown = versions.map(version => ({
    Name: version.name,
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: own('schema', version.schema),
    Subresources: own('subresources', version.subresources),
    AdditionalPrinterColumns: own('columns', version.additionalPrinterColumns),
    SelectableFields: own('selectableFields', version.selectableFields),
  }))
  return invalid('spec.versions', shown, 'must have exactly one version marked as storage version')
}

function deprecationProblems({ deprecated, deprecationWarning }: CustomResourceVersion, at: string): Errors {
  if (deprecationWarning === undefined) return []
  const field = `${at}.deprecationWarning`
  return [
    ...(deprecated ? [] : [invalid(field, deprecationWarning, 'can only be set for deprecated versions')]),
    ...(deprecationWarning.length > 256
      ? [invalid(field, deprecationWarning, 'must be <= 256 characters long')]
      : deprecationWarning === ''
        ? [invalid(field, deprecationWarning, 'must not be an empty string')]
        : []),
  ]
}

/** Fields of a schema's root that keep their meaning when the status is looked at alone. */
const WITH_STATUS = new Set(
  'description type format title maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems multipleOf required items properties externalDocs example x-kubernetes-preserve-unknown-fields x-kubernetes-validations'.split(
    ' ',
  ),
)

function schemaProblems({ schema, subresources }: CustomResourceVersion, at: string): Errors {
  const root = schema?.openAPIV3Schema
  if (!root) return []
  const odd = subresources?.status && Object.keys(root).find(key => !WITH_STATUS.has(key))
  const structural = structuralProblems(root, at)
  const defaults = structural.length === 0 ? defaultProblems(root, at) : []
  return [
    ...(odd
      ? [
          invalid(
            at,
            root,
            `only ${ALLOWED} fields are allowed at the root of the schema if the status subresource is enabled`,
          ),
        ]
      : []),
    ...(root.nullable ? [denied(`${at}.nullable`, 'nullable cannot be true at the root')] : []),
    ...structural,
    ...defaults,
    ...openApiProblems(root, at, structural.length === 0 && defaults.length === 0),
  ]
}

const ALLOWED = `[${[...WITH_STATUS]
  .map(key =>
    key.startsWith('x-')
      ? key.replace(/^x-kubernetes-|-./g, part => (part.length > 2 ? 'X' : part.slice(1).toUpperCase()))
      : key,
  )
  .map(key => key[0]?.toUpperCase() + key.slice(1))
  .join(' ')}]`

function scaleProblems({ subresources }: CustomResourceVersion, at: string): Errors {
  const scale = subresources?.scale
  if (!scale) return []
  const path = (key: 'specReplicasPath' | 'statusReplicasPath', root: string): Errors => {
    const value = scale[key]
    if (!value) return [required(`${at}.scale.${key}`)]
    if (!value.startsWith('.'))
      return [invalid(`${at}.scale.${key}`, value, 'must be a simple json path starting with .')]
    return value.startsWith(root)
      ? []
      : [invalid(`${at}.scale.${key}`, value, `should be a json path under ${root.slice(0, -1)}`)]
  }
  const selector = scale.labelSelectorPath
  const isOdd = selector && !/^\.(spec|status)\./.test(selector)
  return [
    ...path('specReplicasPath', '.spec.'),
    ...path('statusReplicasPath', '.status.'),
    ...(isOdd
      ? [invalid(`${at}.scale.labelSelectorPath`, selector, 'should be a json path under either .spec or .status')]
      : []),
  ]
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function columnProblems({ additionalPrinterColumns = [] }: CustomResourceVersion, at: string): Errors {
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  return additionalPrinterColumns.flatMap(({ name, type, format, jsonPath }, i) => {
    const field = `${at}.additionalPrinterColumns[${i}]`
    return [
      ...(name ? [] : [required(`${field}.name`)]),
      ...(type ? [] : [required(`${field}.type`, types)]),
      ...(type && !COLUMN_TYPES.includes(type) ? [invalid(`${field}.type`, type, types)] : []),
      ...(format && !COLUMN_FORMATS.includes(format)
        ? [invalid(`${field}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`)]
        : []),
      ...(jsonPath ? [] : [required(`${field}.JSONPath`)]),
      ...(jsonPath && !jsonPath.startsWith('.')
        ? [invalid(`${field}.JSONPath`, jsonPath, 'must be a simple json path starting with .')]
        : []),
    ]
  })
}

const MAX_SELECTABLE = 8

function selectableProblems({ selectableFields = [], schema }: CustomResourceVersion, at: string): Errors {
  const seen = new Set<string>()
  const errors = selectableFields.flatMap(({ jsonPath }, i): FieldError[] => {
    const field = `${at}.selectableFields[${i}].jsonPath`
    if (!jsonPath) return [required(field)]
    const found = schemaAt(schema?.openAPIV3Schema, jsonPath)
    if (typeof found === 'string') return [invalid(field, jsonPath, `is an invalid path: ${found}`)]
    const wrong: FieldError[] = []
    if (jsonPath.startsWith('.metadata')) wrong.push(invalid(field, jsonPath, 'must not point to fields in metadata'))
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      wrong.push(
        invalid(
          field,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      )
    }
    if (seen.has(jsonPath)) wrong.push(duplicate(field, jsonPath))
    seen.add(jsonPath)
    return wrong
  })
  if (seen.size <= MAX_SELECTABLE) return errors
  const body = `Too many: ${seen.size}: must have at most ${MAX_SELECTABLE} items`
  return [...errors, { field: `${at}.selectableFields`, reason: 'FieldValueTooMany', body }]
}

/** The schema that a path of field names leads to, or what is wrong with the path. */
function schemaAt(root: StructuralSchema | undefined, path: string): StructuralSchema | string {
  if (path.includes('[')) return 'array notation is not allowed'
  if (!path.startsWith('.')) return `expected [ or . but got: ${path.split('.')[0]}`
  let here: StructuralSchema | undefined = root
  for (const step of parseRulePath(path)) {
    const next: StructuralSchema | undefined = here?.properties?.[String(step)]
    if (!next) return 'does not refer to a valid field'
    here = next
  }
  return here ?? 'does not refer to a valid field'
}
