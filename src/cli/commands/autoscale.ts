/** `solvent autoscale`: a HorizontalPodAutoscaler for what has a `scale`. A Server declares its own. */

import { apiVersionOf } from '../../kube/kinds.ts'
import type { UnknownObject } from '../../kube/object.ts'
import { parseQuantity } from '../../kube/quantity.ts'
import { API_VERSION } from '../../spec/kinds.ts'
import type { Invocation } from '../command.ts'
import { EXIT, Exit, usageError } from '../exit.ts'
import { refFor, selectionsFrom } from '../resources.ts'
import { openTarget } from '../target.ts'

const DEFAULT_CPU = '80%'

export async function run(invocation: Invocation): Promise<number> {
  const { args, flags, terminal } = invocation
  const [min, max] = [flags.count('min') ?? 1, flags.count('max')]
  if (max === undefined || max < 1) throw usageError('say how many at most: --max=NUMBER')
  if (min > max) throw usageError(`--max=${max} must be larger than or equal to --min=${min}`)
  const target = await openTarget(invocation)
  for (const { kind, names } of await selectionsFrom(target.api, args)) {
    if (names.length === 0) throw usageError('say which: TYPE/NAME')
    if (apiVersionOf(kind) === API_VERSION) {
      throw new Exit(
        EXIT.usage,
        `a ${kind.kind} declares it: write replicas: { min: ${min}, max: ${max} } and apply it`,
      )
    }
    for (const name of names) {
      const { metadata } = await target.api.get(refFor(kind, target.namespace, name))
      const scaler: UnknownObject = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: flags.text('name') ?? name, namespace: metadata.namespace },
        spec: {
          scaleTargetRef: { apiVersion: apiVersionOf(kind), kind: kind.kind, name },
          minReplicas: min,
          maxReplicas: max,
          metrics: metricsFrom(flags.text('cpu'), flags.text('memory')),
        },
      }
      await target.api.create(scaler)
      terminal.print(`horizontalpodautoscaler.autoscaling/${scaler.metadata.name} autoscaled`)
    }
  }
  return EXIT.ok
}

const metricsFrom = (cpu: string | undefined, memory: string | undefined): readonly object[] => [
  ...(cpu === undefined && memory !== undefined ? [] : [metric('cpu', cpu ?? DEFAULT_CPU)]),
  ...(memory === undefined ? [] : [metric('memory', memory)]),
]

function metric(name: 'cpu' | 'memory', text: string): object {
  const percent = /^(\d+)%$/.exec(text)?.[1]
  if (percent !== undefined) {
    return {
      type: 'Resource',
      resource: { name, target: { type: 'Utilization', averageUtilization: Number(percent) } },
    }
  }
  if (!parseQuantity(text)) throw usageError(`--${name} is a share such as 70% or an amount, not "${text}"`)
  return { type: 'Resource', resource: { name, target: { type: 'AverageValue', averageValue: text } } }
}
