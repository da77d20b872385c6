/**
 * HorizontalPodAutoscalers: stored as autoscaling/v2, seen as v1 too, where what v1 cannot say stands in annotations
 * (pkg/apis/autoscaling/v1/conversion.go); and their rules (pkg/apis/autoscaling/validation).
 */

import { isRecord } from '../../kube/equal.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { denied, type FieldError, invalid, notSupported, required } from '../resource/field-error.ts'
import { without } from '../resource/json.ts'
import type { Strategy } from '../resource/resource.ts'
import { type Fields, fieldsOf, listOf } from './fields.ts'

const PREFIX = 'autoscaling.alpha.kubernetes.io/'
const ROUND_TRIP = ['metrics', 'current-metrics', 'behavior', 'conditions'].map(name => PREFIX + name)

/** Without what is absent. */
const compact = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const isCpuUse = ({ type, resource }: Fields): boolean =>
  type === 'Resource' &&
  fieldsOf(resource).name === 'cpu' &&
  fieldsOf(fieldsOf(resource).target).averageUtilization !== undefined

/** A metric in the words of v1, which calls its numbers otherwise; `target` or, of a status, `current`. */
function toOldMetric(metric: Fields, numbers: 'target' | 'current'): Fields {
  const key = Object.keys(metric).find(name => name !== 'type') ?? ''
  const source = fieldsOf(metric[key])
  const { value, averageValue, averageUtilization } = fieldsOf(source[numbers])
  const { name, selector } = fieldsOf(source.metric)
  const word = (suffix: string): string => `${numbers}${suffix}`
  const isResource = key === 'resource' || key === 'containerResource'
  return {
    type: metric.type,
    [key]: compact({
      ...(isResource
        ? { name: source.name, container: source.container, [word('AverageUtilization')]: averageUtilization }
        : { metricName: name, [key === 'external' ? 'metricSelector' : 'selector']: selector }),
      ...(source.describedObject !== undefined && { target: source.describedObject }),
      [word('Value')]: value,
      [key === 'object' ? 'averageValue' : word('AverageValue')]: averageValue,
    }),
  }
}

function fromOldMetric(metric: Fields, numbers: 'target' | 'current'): Fields {
  const key = Object.keys(metric).find(name => name !== 'type') ?? ''
  const source = fieldsOf(metric[key])
  const word = (suffix: string): unknown => source[`${numbers}${suffix}`]
  const averageValue = word('AverageValue') ?? (key === 'object' ? source.averageValue : undefined)
  const averageUtilization = word('AverageUtilization')
  const type = averageUtilization !== undefined ? 'Utilization' : averageValue !== undefined ? 'AverageValue' : 'Value'
  const amounts = compact({
    ...(numbers === 'target' && { type }),
    value: word('Value'),
    averageValue,
    averageUtilization,
  })
  const isResource = key === 'resource' || key === 'containerResource'
  return {
    type: metric.type,
    [key]: compact({
      ...(isResource
        ? { name: source.name, container: source.container }
        : { metric: compact({ name: source.metricName, selector: source.metricSelector ?? source.selector }) }),
      describedObject: source.target,
      [numbers]: amounts,
    }),
  }
}

/** Upstream writes its internal type down, with capitals and nulls. */
const oldRules = (rules: unknown): Fields | null =>
  isRecord(rules)
    ? {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies: listOf(rules.policies).map(({ type, value, periodSeconds }) => ({
          Type: type,
          Value: value,
          PeriodSeconds: periodSeconds,
        })),
        Tolerance: rules.tolerance ?? null,
      }
    : null

const newRules = (rules: unknown): Fields | undefined =>
  isRecord(rules)
    ? compact({
        stabilizationWindowSeconds: rules.StabilizationWindowSeconds ?? undefined,
        selectPolicy: rules.SelectPolicy ?? undefined,
        policies: listOf(rules.Policies).map(({ Type, Value, PeriodSeconds }) => ({
          type: Type,
          value: Value,
          periodSeconds: PeriodSeconds,
        })),
        tolerance: rules.Tolerance ?? undefined,
      })
    : undefined

function toFirstVersion(object: UnknownObject): UnknownObject {
  const { metrics, behavior, ...spec } = fieldsOf(object.spec)
  const { currentMetrics, conditions, ...status } = fieldsOf(object.status)
  const cpu = listOf(metrics).find(isCpuUse)
  const others = listOf(metrics).filter(metric => !isCpuUse(metric))
  const used = listOf(currentMetrics).find(
    ({ type, resource }) => type === 'Resource' && fieldsOf(resource).name === 'cpu',
  )
  const utilization = fieldsOf(fieldsOf(used?.resource).current).averageUtilization
  const annotations = {
    ...without(object.metadata.annotations ?? {}, ROUND_TRIP),
    ...(others.length > 0 && {
      [`${PREFIX}metrics`]: JSON.stringify(others.map(metric => toOldMetric(metric, 'target'))),
    }),
    ...(listOf(currentMetrics).length > 0 && {
      [`${PREFIX}current-metrics`]: JSON.stringify(listOf(currentMetrics).map(m => toOldMetric(m, 'current'))),
    }),
    ...(isRecord(behavior) && {
      [`${PREFIX}behavior`]: JSON.stringify({
        ScaleUp: oldRules(behavior.scaleUp),
        ScaleDown: oldRules(behavior.scaleDown),
      }),
    }),
    ...(listOf(conditions).length > 0 && { [`${PREFIX}conditions`]: JSON.stringify(conditions) }),
  }
  const target = cpu && fieldsOf(fieldsOf(cpu.resource).target).averageUtilization
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...without(object.metadata, ['annotations']),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: { ...spec, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(utilization !== undefined && { currentCPUUtilizationPercentage: utilization }),
    },
  }
}

function fromAnnotation(object: UnknownObject, name: string): unknown {
  try {
    return JSON.parse(object.metadata.annotations?.[PREFIX + name] ?? 'null')
  } catch {
    return null
  }
}

function fromFirstVersion(object: UnknownObject): UnknownObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = fieldsOf(object.spec)
  const { currentCPUUtilizationPercentage: _, currentReplicas, ...status } = fieldsOf(object.status)
  const metrics = [
    ...listOf(fromAnnotation(object, 'metrics')).map(metric => fromOldMetric(metric, 'target')),
    ...(target === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }]),
  ]
  const current = listOf(fromAnnotation(object, 'current-metrics')).map(metric => fromOldMetric(metric, 'current'))
  const conditions = listOf(fromAnnotation(object, 'conditions'))
  const behavior = fromAnnotation(object, 'behavior')
  const annotations = without(object.metadata.annotations ?? {}, ROUND_TRIP)
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: {
      ...without(object.metadata, ['annotations']),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      ...spec,
      ...(metrics.length > 0 && { metrics }),
      ...(isRecord(behavior) && {
        behavior: compact({ scaleUp: newRules(behavior.ScaleUp), scaleDown: newRules(behavior.ScaleDown) }),
      }),
    },
    status: {
      desiredReplicas: 0,
      ...(currentReplicas ? { currentReplicas } : {}),
      ...status,
      ...(current.length > 0 && { currentMetrics: current }),
      ...(conditions.length > 0 && { conditions }),
    },
  }
}

export const AUTOSCALER_CONVERSION = { fromStored: toFirstVersion, toStored: fromFirstVersion }

const METRICS: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}

function checkMetric(metric: Fields, field: string): readonly FieldError[] {
  const type = String(metric.type ?? '')
  const key = METRICS[type]
  if (type === '') return [required(`${field}.type`, 'must specify a metric source type')]
  if (key === undefined) return [notSupported(`${field}.type`, type, Object.keys(METRICS))]
  return metric[key] === undefined
    ? [required(`${field}.${key}`, 'must populate information for the given metric source')]
    : []
}

function checkRules(rules: Fields, field: string): readonly FieldError[] {
  const { stabilizationWindowSeconds: window } = rules
  if (typeof window !== 'number') return []
  if (window < 0)
    return [invalid(`${field}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero')]
  return window > 3600
    ? [invalid(`${field}.stabilizationWindowSeconds`, window, 'must be less than or equal to 3600')]
    : []
}

function checkTarget(target: Fields): readonly FieldError[] {
  const field = 'spec.scaleTargetRef'
  return [
    ...(target.kind ? [] : [required(`${field}.kind`)]),
    ...(target.name ? [] : [required(`${field}.name`)]),
    ...(target.apiVersion ? [] : [invalid(`${field}.apiVersion`, '', 'apiVersion must specify API group')]),
  ]
}

function validateAutoscaler(object: UnknownObject): readonly FieldError[] {
  const spec = fieldsOf(object.spec)
  const [min, max] = [Number(spec.minReplicas ?? 1), Number(spec.maxReplicas ?? 0)]
  const metrics = listOf(spec.metrics)
  const scalesToZero = metrics.some(({ type }) => type === 'Object' || type === 'External')
  return [
    ...(min < 0 ? [invalid('spec.minReplicas', min, 'must be greater than or equal to 0')] : []),
    ...(max < min ? [invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`')] : []),
    ...checkTarget(fieldsOf(spec.scaleTargetRef)),
    ...metrics.flatMap((metric, i) => checkMetric(metric, `spec.metrics[${i}]`)),
    ...(min === 0 && !scalesToZero
      ? [
          denied(
            'spec.metrics',
            'must specify at least one Object or External metric to support scaling to zero replicas',
          ),
        ]
      : []),
    ...['scaleUp', 'scaleDown'].flatMap(name =>
      checkRules(fieldsOf(fieldsOf(spec.behavior)[name]), `spec.behavior.${name}`),
    ),
    ...(max === 0 ? [required('spec.maxReplicas')] : []),
  ]
}

export const AUTOSCALER: Strategy = { hasGeneration: true, validate: validateAutoscaler }
