/** A pod for people: what runs in it, how it fares, and, in the embedded cluster, as what it runs. */
import type { Container, ContainerState, ContainerStatus, Pod } from '../../kube/core.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { type Field, lines, pairs } from './fields.ts'
import { ageOf, conditionsField, headFields } from './generic.ts'

export function podFields(object: UnknownObject, now: number, embedded: boolean): readonly Field[] {
  const { spec, status } = object as unknown as Pod
  return [
    ...headFields(object, now),
    ['Node', spec.nodeName ?? '<none>'],
    ['Status', status?.phase],
    ['Reason', status?.reason],
    ['Message', status?.message],
    ['IP', status?.podIP],
    ['Service Account', spec.serviceAccountName],
    ['Gang', spec.schedulingGroup?.podGroupName],
    ['Runs As', embedded ? 'processes of this machine, without an image and with your rights' : undefined],
    ...containersField('Init Containers', spec.initContainers, status?.initContainerStatuses, now),
    ...containersField('Containers', spec.containers, status?.containerStatuses, now),
    conditionsField(status?.conditions),
    ['Volumes', (spec.volumes ?? []).map(({ name, ...source }) => [name, sourceText(source)] as const)],
    ['Restart Policy', spec.restartPolicy],
  ]
}

function containersField(
  label: string,
  containers: readonly Container[] = [],
  statuses: readonly ContainerStatus[] = [],
  now: number,
): readonly Field[] {
  if (containers.length === 0) return []
  const one = (container: Container): Field => {
    const status = statuses.find(({ name }) => name === container.name)
    return [container.name, containerFields(container, status, now)]
  }
  return [[label, containers.map(one)]]
}

function containerFields(container: Container, status: ContainerStatus | undefined, now: number): readonly Field[] {
  const { ports = [], env = [], volumeMounts = [], resources } = container
  return [
    ['Image', container.image],
    ['Command', container.command ? lines(container.command) : undefined],
    ['Args', container.args ? lines(container.args) : undefined],
    ['Working Dir', container.workingDir],
    ['Ports', ports.length > 0 ? ports.map(port => port.containerPort).join(', ') : undefined],
    ...stateFields('State', status?.state, now),
    ...stateFields('Last State', status?.lastState, now),
    ['Ready', status ? (status.ready ? 'True' : 'False') : undefined],
    ['Restart Count', status?.restartCount],
    ['Requests', resources?.requests ? pairs(resources.requests, ': ') : undefined],
    ['Limits', resources?.limits ? pairs(resources.limits, ': ') : undefined],
    ['Environment', env.length > 0 ? lines(env.map(envText)) : undefined],
    [
      'Mounts',
      lines(volumeMounts.map(({ mountPath, name, readOnly }) => `${mountPath} from ${name}${readOnly ? ' (ro)' : ''}`)),
    ],
  ]
}

function stateFields(label: string, state: ContainerState | undefined, now: number): readonly Field[] {
  if (state?.running) {
    return [[label, `Running${state.running.startedAt ? `, since ${ageOf(state.running.startedAt, now)}` : ''}`]]
  }
  if (state?.waiting) {
    return [[label, ['Waiting', state.waiting.reason, state.waiting.message].filter(Boolean).join(': ')]]
  }
  if (!state?.terminated) return []
  const { exitCode, signal, reason, message, finishedAt } = state.terminated
  const how = [`exit code ${exitCode}`, signal ? `signal ${signal}` : '', finishedAt ?? ''].filter(Boolean).join(', ')
  return [
    [label, `Terminated${reason ? `: ${reason}` : ''} (${how})`],
    [`${label} Message`, message],
  ]
}

function envText({ name, value, valueFrom }: NonNullable<Container['env']>[number]): string {
  if (!valueFrom) return `${name}: ${value ?? ''}`
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  const source =
    fieldRef?.fieldPath ??
    resourceFieldRef?.resource ??
    (configMapKeyRef && `key ${configMapKeyRef.key} of ConfigMap ${configMapKeyRef.name}`) ??
    (secretKeyRef && `key ${secretKeyRef.key} of Secret ${secretKeyRef.name}`)
  return `${name}: from ${source ?? '?'}`
}

function sourceText(source: Readonly<Record<string, unknown>>): string {
  const [[kind, detail] = ['?', undefined]] = Object.entries(source)
  const { name, secretName, path } = (detail ?? {}) as Readonly<Record<string, string | undefined>>
  const which = name ?? secretName ?? path
  return which ? `${kind} ${which}` : kind
}
