/** Webhooks, devices, certificates, revisions and templates: small rules of each kind, as upstream's validation has them. */

import type { PodTemplateSpec } from '../../kube/core.ts'
import { isRecord, isSame } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { selects } from '../../kube/selector.ts'
import { duplicate, invalid, required } from '../resource/field-error.ts'
import type { Strategy } from '../resource/resource.ts'
import { type Fields, fieldsOf, listOf } from './fields.ts'
import { checkName, dnsLabel, dnsSubdomain } from './names.ts'
import { frozen } from './networking.ts'
import { templateDefaults } from './pod-defaults.ts'
import { validateTemplate } from './pod-validation.ts'
import { type Errors, oneOf } from './small-rules.ts'

const SIDE_EFFECTS = ['None', 'NoneOnDryRun']

function checkWebhookName(name: string, field: string): Errors {
  if (name === '') return [required(field)]
  const wrong = checkName(dnsSubdomain, field, name)
  if (wrong.length > 0) return wrong
  return name.split('.').length >= 3
    ? []
    : [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
}

function checkWebhook(hook: Fields, field: string): Errors {
  const { url, service } = fieldsOf(hook.clientConfig)
  const timeout = Number(hook.timeoutSeconds ?? 10)
  const isOne = (url === undefined) !== (service === undefined)
  return [
    ...checkWebhookName(String(hook.name ?? ''), `${field}.name`),
    ...oneOf(['Fail', 'Ignore'], hook.failurePolicy, `${field}.failurePolicy`),
    ...oneOf(['Equivalent', 'Exact'], hook.matchPolicy, `${field}.matchPolicy`),
    ...(hook.sideEffects === undefined
      ? [required(`${field}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`)]
      : oneOf(SIDE_EFFECTS, hook.sideEffects, `${field}.sideEffects`)),
    ...(timeout < 1 || timeout > 30
      ? [invalid(`${field}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...(isOne ? [] : [required(`${field}.clientConfig`, 'exactly one of url or service is required')]),
    ...(listOf(hook.admissionReviewVersions).length > 0
      ? []
      : [required(`${field}.admissionReviewVersions`, 'must specify one of v1, v1beta1')]),
  ]
}

export const WEBHOOK_CONFIGURATION: Strategy = {
  hasGeneration: true,
  validate: ({ webhooks }) => {
    const all = listOf(webhooks)
    return all.flatMap((hook, i) => [
      ...checkWebhook(hook, `webhooks[${i}]`),
      ...(all.slice(0, i).some(({ name }) => name === hook.name) ? [duplicate(`webhooks[${i}].name`, hook.name)] : []),
    ])
  },
}

function checkDeviceRequest(request: Fields, field: string): Errors {
  const { exactly, firstAvailable } = request
  const isOne = (exactly === undefined) !== (listOf(firstAvailable).length === 0)
  return [
    ...checkName(dnsLabel, `${field}.name`, String(request.name ?? '')),
    ...(isOne ? [] : [required(field, 'exactly one of `exactly` or `firstAvailable` is required')]),
    ...(isRecord(exactly) && !exactly.deviceClassName ? [required(`${field}.exactly.deviceClassName`)] : []),
  ]
}

const requestsOf = (spec: unknown): readonly Fields[] => listOf(fieldsOf(fieldsOf(spec).devices).requests)

export const RESOURCE_CLAIM: Strategy = {
  validate: ({ spec }) =>
    requestsOf(spec).flatMap((request, i) => checkDeviceRequest(request, `spec.devices.requests[${i}]`)),
  validateUpdate: (next, old) => frozen('spec', next.spec, old.spec),
}

export const RESOURCE_CLAIM_TEMPLATE: Strategy = {
  validate: ({ spec }) =>
    requestsOf(fieldsOf(spec).spec).flatMap((request, i) =>
      checkDeviceRequest(request, `spec.spec.devices.requests[${i}]`),
    ),
  validateUpdate: (next, old) => frozen('spec', next.spec, old.spec),
}

export const DEVICE_CLASS: Strategy = {
  hasGeneration: true,
  validate: ({ spec }) =>
    listOf(fieldsOf(spec).selectors).flatMap((selector, i) =>
      selector.cel ? [] : [required(`spec.selectors[${i}].cel`)],
    ),
}

export const COUNTED: Strategy = { hasGeneration: true }

const USAGES =
  `any,cert sign,client auth,code signing,content commitment,crl sign,data encipherment,decipher only,digital signature,email protection,encipher only,ipsec end system,ipsec tunnel,ipsec user,key agreement,key encipherment,microsoft sgc,netscape sgc,ocsp signing,s/mime,server auth,signing,timestamping`.split(
    ',',
  )
const isRequest = (text: unknown): boolean =>
  typeof text === 'string' && atob(text).includes('-----BEGIN CERTIFICATE REQUEST-----')

export const CERTIFICATE_REQUEST: Strategy = {
  validate: ({ spec }: UnknownObject) => {
    const { request, usages, signerName } = fieldsOf(spec)
    const given = Array.isArray(usages) ? (usages as readonly string[]) : []
    const signer = String(signerName ?? '')
    return [
      ...(isRequest(request)
        ? []
        : [invalid('spec.request', request ?? null, 'PEM block type must be CERTIFICATE REQUEST')]),
      ...(given.length === 0 ? [required('spec.usages')] : []),
      ...given.flatMap((usage, i) => oneOf(USAGES, usage, `spec.usages[${i}]`)),
      ...(signer === ''
        ? [required('spec.signerName')]
        : /^[a-z0-9-]+(\.[a-z0-9-]+)+\/.+$/.test(signer)
          ? []
          : [
              invalid(
                'spec.signerName',
                signer,
                "must be a fully qualified domain and path of the form 'example.com/signer-name'",
              ),
            ]),
    ]
  },
  // Nothing of the request itself ever changes.
  prepareUpdate: (request, old) => ({ ...request, spec: old.spec }),
}

export const CONTROLLER_REVISION: Strategy = {
  validate: ({ data, revision }) => [
    ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
    ...(Number(revision ?? 0) < 0 ? [invalid('revision', revision, 'must be greater than or equal to 0')] : []),
  ],
  validateUpdate: (next, old) =>
    isSame(next.data, old.data) ? [] : [invalid('data', next.data, 'field is immutable')],
}

const templateOf = (value: unknown): PodTemplateSpec => value as PodTemplateSpec

export const POD_TEMPLATE: Strategy = {
  hasGeneration: true,
  default: object => ({ ...object, template: templateDefaults(templateOf(object.template)) }),
  validate: ({ template }) => validateTemplate(templateOf(template), 'template'),
}

/** Selector and labels follow from the template where nothing is said. */
function controllerDefaults(object: UnknownObject): UnknownObject {
  const { template, ...spec } = fieldsOf(object.spec)
  if (!isRecord(template)) return object
  const labels = templateOf(template).metadata?.labels
  const own = Object.keys(object.metadata.labels ?? {}).length > 0 ? object.metadata.labels : labels
  return {
    ...object,
    metadata: { ...object.metadata, ...(own && { labels: own }) },
    spec: { ...(labels && { selector: labels }), ...spec, template: templateDefaults(templateOf(template)) },
  }
}

export const REPLICATION_CONTROLLER: Strategy = {
  hasGeneration: true,
  default: controllerDefaults,
  validate: ({ spec }) => {
    const { selector, template, replicas } = fieldsOf(spec)
    const labels = isRecord(template) ? (templateOf(template).metadata?.labels ?? {}) : {}
    return [
      ...(selector === undefined ? [required('spec.selector')] : []),
      ...(isRecord(template)
        ? selector !== undefined && !selects({ matchLabels: selector as Record<string, string> }, labels)
          ? [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
          : validateTemplate(templateOf(template), 'spec.template')
        : [required('spec.template')]),
      ...(Number(replicas ?? 0) < 0 ? [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')] : []),
    ]
  },
}
