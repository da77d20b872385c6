/** A large object under a large schema: pruned, given defaults and validated in milliseconds, its schema compiled once. */
import { beforeAll, expect, test } from 'vitest'
import { customValidator } from '../../src/apiserver/custom/custom-validation.ts'
import { loadCel } from '../../src/kube/cel/compile.ts'
import type { UnknownObject } from '../../src/kube/object.ts'
import type { StructuralSchema } from '../../src/kube/schema.ts'
import { applyDefaults } from '../../src/kube/schema-default.ts'
import { pruneUnknown } from '../../src/kube/schema-prune.ts'
import { definitionsOf, HAS_GO, SOURCES } from './modules.ts'

const container = (i: number) => ({
  name: `c${i}`,
  image: `registry.example.com/some/long/image/name:${i}`,
  env: Array.from({ length: 40 }, (_, j) => ({ name: `VARIABLE_${j}`, value: `value-${i}-${j}` })),
  resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: 1, memory: '2Gi' } },
  ports: Array.from({ length: 10 }, (_, j) => ({ name: `p${j}`, containerPort: 8000 + j, protocol: 'TCP' })),
})
const template = { spec: { containers: Array.from({ length: 40 }, (_, i) => container(i)) } }
const OBJECTS: readonly (readonly [source: string, plural: string, version: string, spec: object])[] = [
  ['KubeRay', 'rayclusters', 'v1', { headGroupSpec: { rayStartParams: {}, template } }],
  ['Kueue', 'workloads', 'v1beta1', { podSets: [{ name: 'main', count: 1, template }] }],
]

beforeAll(loadCel)

test.skipIf(!HAS_GO).each(OBJECTS)('%s %s', (name, plural, version, spec) => {
  const source = SOURCES.find(each => each.name === name) ?? expect.fail()
  const crd = definitionsOf(source).find(each => each.spec.names.plural === plural) ?? expect.fail()
  const schema = crd.spec.versions.find(each => each.name === version)?.schema?.openAPIV3Schema as StructuralSchema
  const object = { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'x' }, spec } as unknown as UnknownObject
  const size = JSON.stringify(object).length
  const validate = customValidator(schema, undefined)
  const once = () => {
    const filled = applyDefaults(schema, pruneUnknown(schema, object).value) as UnknownObject
    return validate(filled, undefined)
  }
  const started = performance.now()
  expect(once()).toEqual([])
  const first = performance.now() - started
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now()
    once()
    return performance.now() - start
  }).sort((a, b) => a - b)
  const median = times[25] ?? 0
  console.log(
    `${name} ${plural}: ${Math.round(size / 1024)} KiB, first ${first.toFixed(1)} ms, then ${median.toFixed(2)} ms`,
  )
  // A bound that even a busy machine keeps; what is printed is the measure.
  expect(median).toBeLessThan(100)
})
