/** The three places where compiled pods find things: the plan, the code, room to write. */
import type { Container, Volume, VolumeMount } from '../kube/core.ts'
import { CODE_DIR, PLAN_DIR, SCRATCH_DIR } from '../kube/names.ts'
import type { CodeRef } from '../spec/kinds.ts'

export interface Places {
  readonly volumes: readonly Volume[]
  readonly volumeMounts: NonNullable<Container['volumeMounts']>
}

export function places(planConfigMap: string, code: CodeRef | undefined): Places {
  const given: readonly (readonly [Volume, VolumeMount])[] = [
    configMapAt('plan', planConfigMap, PLAN_DIR),
    ...(code ? [configMapAt('code', code.configMap, CODE_DIR)] : []),
    [
      { name: 'scratch', emptyDir: {} },
      { name: 'scratch', mountPath: SCRATCH_DIR },
    ],
  ]
  return { volumes: given.map(([volume]) => volume), volumeMounts: given.map(([, mount]) => mount) }
}

const configMapAt = (name: string, configMap: string, mountPath: string): readonly [Volume, VolumeMount] => [
  { name, configMap: { name: configMap } },
  { name, mountPath, readOnly: true },
]
