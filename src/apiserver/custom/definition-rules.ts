/** What a CustomResourceDefinition itself may be (apiextensions-apiserver/pkg/apis/apiextensions/validation). */
import type { CustomResourceDefinition } from '../../kube/workloads.ts'
import { dns1035Label, dnsSubdomain } from '../kinds/names.ts'
import { denied, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { immutable } from '../resource/metadata.ts'
import type { Strategy } from '../resource/resource.ts'
import { checked } from './checked.ts'
import { isEstablished } from './definition-status.ts'
import { versionsProblems } from './version-rules.ts'

type Errors = readonly FieldError[]

/** Takes the instances away before the definition goes. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/** `sound`: definitions whose schemas have been judged before (the program's own, by its tests) and are not judged anew at every start. */
export const definitionStrategy = (
  sound: readonly CustomResourceDefinition[] = [],
): Strategy<CustomResourceDefinition> => ({
  nameRule: dnsSubdomain,
  hasGeneration: true,
  prepareCreate: crd => ({
    ...crd,
    metadata: {
      ...crd.metadata,
      finalizers: [...new Set([...(crd.metadata.finalizers ?? []), CLEANUP_FINALIZER])],
    },
    status: {
      conditions: null as never,
      acceptedNames: { plural: '', kind: '' },
      storedVersions: crd.spec?.versions?.filter(version => version.storage).map(version => version.name) ?? [],
    },
  }),
  default: definitionDefaults,
  validate: (crd, old, warn) => {
    if (crd.spec?.conversion?.strategy === 'Webhook') warn?.(UNCONVERTED)
    return validateDefinition(crd, old, schemasOf(sound))
  },
  validateUpdate: (crd, old) => [
    ...(isEstablished(old)
      ? [
          ...immutable('spec.scope', crd.spec.scope, old.spec.scope),
          ...immutable('spec.names.kind', crd.spec.names.kind, old.spec.names.kind),
        ]
      : []),
    ...immutable('spec.group', crd.spec.group, old.spec.group),
    ...immutable('spec.names.plural', crd.spec.names.plural, old.spec.names.plural),
    ...storedVersionProblems(crd),
  ],
})

const UNCONVERTED =
  'spec.conversion: webhooks are not asked to convert: objects are served in every version with the fields that are stored, as with strategy None'

const schemasOf = (crds: readonly CustomResourceDefinition[]): readonly unknown[] =>
  crds.flatMap(crd => crd.spec.versions.map(version => version.schema))

function definitionDefaults(crd: CustomResourceDefinition): CustomResourceDefinition {
  const { spec } = crd
  if (!spec?.names) return crd
  const { kind = '' } = spec.names
  const names = {
    ...spec.names,
    singular: spec.names.singular || kind.toLowerCase(),
    listKind: spec.names.listKind || (kind ? `${kind}List` : ''),
  }
  return { ...crd, spec: { ...{ conversion: { strategy: 'None' } }, ...spec, names } }
}

function validateDefinition(
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  sound: readonly unknown[],
): Errors {
  if (!spec) return [required('spec')]
  const { group, names, scope, versions = [] } = spec
  const expected = `${names?.plural}.${group}`
  return [
    ...(old || metadata.name === expected
      ? []
      : [invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...groupProblems(group),
    ...(scope ? scopeProblems(scope) : [required('spec.scope')]),
    ...versionsProblems(versions, old, sound),
    ...nameProblems(names ?? {}),
    ...conversionProblems(spec.conversion),
    ...(old || versions.some(version => version.storage)
      ? []
      : [invalid('status.storedVersions', null, 'must have at least one stored version')]),
    ...approvalProblems(group, metadata.annotations, old?.metadata.annotations),
    ...(spec.preserveUnknownFields
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ]
}

function groupProblems(group: string | undefined): Errors {
  if (!group) return [required('spec.group')]
  const wrong = checked('spec.group', group, dnsSubdomain)
  if (wrong.length > 0 || group.includes('.')) return wrong
  return [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

const SCOPES = ['Cluster', 'Namespaced']
const scopeProblems = (scope: string): Errors =>
  SCOPES.includes(scope) ? [] : [notSupported('spec.scope', scope, SCOPES)]

type Names = Partial<CustomResourceDefinition['spec']['names']>

function nameProblems({ plural = '', singular = '', kind = '', listKind = '', shortNames, categories }: Names): Errors {
  const mixed = 'may have mixed case, but should otherwise match: '
  const absent = Object.entries({ plural, singular, kind, listKind })
    .filter(([, value]) => value === '')
    .map(([key]) => required(`spec.names.${key}`))
  return [
    ...absent,
    ...checked('spec.names.plural', plural, dns1035Label),
    ...checked('spec.names.singular', singular, dns1035Label),
    ...checked('spec.names.kind', kind, value => dns1035Label(value.toLowerCase()), mixed),
    ...checked('spec.names.listKind', listKind, value => dns1035Label(value.toLowerCase()), mixed),
    ...(shortNames ?? []).flatMap((name, i) => checked(`spec.names.shortNames[${i}]`, name, dns1035Label)),
    ...(kind !== '' && kind === listKind
      ? [invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same')]
      : []),
    ...(categories ?? []).flatMap((name, i) => checked(`spec.names.categories[${i}]`, name, dns1035Label)),
  ]
}

type Conversion = CustomResourceDefinition['spec']['conversion']

function conversionProblems(conversion: Conversion): Errors {
  if (!conversion) return []
  const { strategy, webhook } = conversion
  const at = 'spec.conversion'
  if (!['None', 'Webhook'].includes(strategy)) {
    return [strategy ? notSupported(`${at}.strategy`, strategy, ['None', 'Webhook']) : required(`${at}.strategy`)]
  }
  if (strategy === 'None') {
    return webhook?.clientConfig
      ? [denied(`${at}.webhookClientConfig`, 'should not be set when strategy is not set to Webhook')]
      : []
  }
  const { clientConfig, conversionReviewVersions = [] } = webhook ?? {}
  const numTargets = [clientConfig?.url, clientConfig?.service].filter(each => each !== undefined).length
  return [
    ...(clientConfig
      ? numTargets === 1
        ? []
        : [required(`${at}.webhookClientConfig`, 'exactly one of url or service is required')]
      : [required(`${at}.webhookClientConfig`, 'required when strategy is set to Webhook')]),
    ...(conversionReviewVersions.length === 0
      ? [required(`${at}.conversionReviewVersions`)]
      : conversionReviewVersions.some(version => ['v1', 'v1beta1'].includes(version))
        ? []
        : [
            invalid(
              `${at}.conversionReviewVersions`,
              conversionReviewVersions,
              'must include at least one of v1, v1beta1',
            ),
          ]),
  ]
}

const APPROVAL = 'api-approved.kubernetes.io'

/** Groups of the community's own need a word that they were reviewed. */
function approvalProblems(
  group: string | undefined,
  annotations: Readonly<Record<string, string>> = {},
  before?: Readonly<Record<string, string>>,
): Errors {
  if (!group || !/(^|\.)(k8s\.io|kubernetes\.io)$/.test(group)) return []
  const value = annotations[APPROVAL]
  if (before && before[APPROVAL] === value) return []
  if (value?.startsWith('unapproved') || (value && URL.canParse(value))) return []
  const field = `metadata.annotations[${APPROVAL}]`
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (value)
    return [
      invalid(
        field,
        value,
        `protected groups must have approval annotation "${APPROVAL}" with either a URL or a reason starting with "unapproved", ${see}`,
      ),
    ]
  return [required(field, `protected groups must have approval annotation "${APPROVAL}", ${see}`)]
}

/** A version in which objects may lie in the store cannot go. */
function storedVersionProblems({ spec, status }: CustomResourceDefinition): Errors {
  const stored = status?.storedVersions ?? []
  return stored.flatMap((name, i) =>
    (spec.versions ?? []).some(version => version.name === name)
      ? []
      : [
          invalid(
            `status.storedVersions[${i}]`,
            name,
            `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
          ),
        ],
  )
}
