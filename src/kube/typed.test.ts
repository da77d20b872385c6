/** Built-in objects as Go's decoder takes them and its encoder writes them; messages and forms as kube-apiserver 1.37 gave them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSame } from './equal.ts'
import { formatFieldPath } from './schema-path.ts'
import { jsonFields, type TypeRef, typedKinds, typeOfKind, typeRow } from './type-table.ts'
import { asTyped } from './typed.ts'

const POD = 'core/v1.Pod'
const pod = (spec: unknown) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec })
const container = (fields: object) => pod({ containers: [{ name: 'a', image: 'b', ...fields }] })

test.each([
  [
    'a text for a number',
    'apps/v1.Deployment',
    { spec: { replicas: 'a' } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'a number for a named text',
    POD,
    pod({ restartPolicy: 5 }),
    'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
  ],
  [
    'a number for a struct',
    POD,
    pod(5),
    'json: cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec',
  ],
  [
    'an object for a list',
    POD,
    pod({ containers: {} }),
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  [
    'a field of an embedded struct',
    POD,
    pod({ volumes: [{ name: 'a', emptyDir: 5 }] }),
    'json: cannot unmarshal number into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource',
  ],
  [
    'a list for a map',
    'core/v1.ConfigMap',
    { metadata: { labels: [] } },
    'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
  ],
  [
    'a value of a map',
    'core/v1.ConfigMap',
    { data: { a: 5 } },
    'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  ],
  [
    'a fraction where a port is',
    'core/v1.Service',
    { spec: { ports: [{ port: 80, targetPort: 1.5 }] } },
    'json: cannot unmarshal number 1.5 into Go struct field ServicePort.spec.ports.targetPort of type int32',
  ],
  [
    'a number too large',
    POD,
    container({ ports: [{ containerPort: 3e9 }] }),
    'json: cannot unmarshal number 3000000000 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    'a quantity that is none, before all else',
    POD,
    { ...container({ resources: { limits: { cpu: 'abc' } } }), metadata: 5 },
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    'a time that is none',
    'coordination/v1.Lease',
    { spec: { renewTime: 'soon' } },
    'parsing time "soon" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "soon" as "2006"',
  ],
  ['what is not base64', 'core/v1.Secret', { data: { a: '?!' } }, 'illegal base64 data at input byte 0'],
])('%s is refused in the words of Go', (_, type, value, message) => {
  expect(() => asTyped(type, value)).toThrow(new Error(message))
})

test('fields that the type does not know are told by their path and dropped', () => {
  const { value, unknown } = asTyped(POD, { ...container({ prots: [] }), sepc: {} })
  expect(unknown.map(formatFieldPath)).toEqual(['spec.containers[0].prots', 'sepc'])
  expect(JSON.stringify(value)).not.toContain('prots')
})

test('empty values go, what Go always writes comes', () => {
  const given = pod({
    hostNetwork: false,
    restartPolicy: '',
    nodeSelector: {},
    containers: [{ image: 'b', env: [], resources: { limits: { cpu: '0.5' } } }],
  })
  expect(asTyped(POD, given).value).toEqual({
    ...pod({ containers: [{ name: '', image: 'b', resources: { limits: { cpu: '500m' } } }] }),
    status: {},
  })
})

test('an Event’s times are written even where nobody set them', () => {
  expect(asTyped('core/v1.Event', { involvedObject: { namespace: 'a' } }).value).toEqual({
    metadata: {},
    involvedObject: { namespace: 'a' },
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  })
})

/** Random objects of a type, as deep as `depth`. */
function ofType(type: TypeRef, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'scalar':
      return {
        s: fc.string(),
        y: fc.base64String(),
        b: fc.boolean(),
        d: fc.double({ noNaN: true, noDefaultInfinity: true }),
        i: fc.integer(),
        l: fc.integer(),
        u: fc.nat(),
        n: fc.integer(),
      }[type.scalar]
    case 'list':
      return fc.array(ofType(type.of, depth - 1), { maxLength: depth > 0 ? 2 : 0 })
    case 'map':
      return fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), ofType(type.of, depth - 1), {
        maxKeys: depth > 0 ? 2 : 0,
      })
    case 'named':
      return ofName(type.name, depth)
  }
}

const SPECIAL: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'meta/v1.Time': fc.constantFrom('2026-11-25T01:02:03Z', '2026-11-25T01:02:03.5+02:00'),
  'meta/v1.MicroTime': fc.constantFrom('2026-11-25T01:02:03.000001Z', '2026-11-25T01:02:03Z'),
  'meta/v1.Duration': fc.constantFrom('1h2m', '30s'),
  'resource.Quantity': fc.constantFrom('1', 2, '0.5', '1024Mi', '1e3'),
  'intstr.IntOrString': fc.constantFrom(80, 'http', '25%'),
}

function ofName(name: string, depth: number): fc.Arbitrary<unknown> {
  const special = SPECIAL[name]
  if (special) return special
  const row = typeRow(name)
  if (row?.kind === 'alias') return ofType(row.of, depth)
  if (row?.kind !== 'struct') return fc.constantFrom({}, { a: [1, null] })
  if (depth <= 0) return fc.constant({})
  const fields = fc.subarray([...jsonFields(row)], { maxLength: Math.min(6, jsonFields(row).length) })
  return fields.chain(some =>
    fc.record(
      Object.fromEntries(
        some.map(field => [
          field.json,
          fc.oneof(
            { weight: 6, arbitrary: ofType(field.type, depth - 1) },
            { weight: 1, arbitrary: fc.constant(null) },
          ),
        ]),
      ),
    ),
  )
}

test.each(typedKinds())('%s: what was decoded once is decoded to itself', kind => {
  const [apiVersion = '', name = ''] = kind.split(' ')
  const type = typeOfKind(apiVersion, name) ?? ''
  fc.assert(
    fc.property(ofName(type, 5), given => {
      const first = asTyped(type, given)
      expect(first.unknown).toEqual([])
      const again = asTyped(type, first.value)
      expect(again.value).toBe(first.value)
      expect(isSame(JSON.parse(JSON.stringify(first.value)), first.value)).toBe(true)
    }),
    { numRuns: 15 },
  )
})
