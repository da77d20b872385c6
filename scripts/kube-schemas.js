/**
 * Makes src/kube/generated/built-in-schemas.ts: the fields, types, list keys and merge keys of the built-in kinds, from the OpenAPI
 * documents inside the published Go module k8s.io/kubernetes (no descriptions). `node scripts/kube-schemas.js` writes the file,
 * `--verify` exits 1 where it is stale. Needs Go, which fetches the module.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULE = 'k8s.io/kubernetes'
const VERSION = 'v1.37.2'
const target = fileURLToPath(new URL('../src/kube/generated/built-in-schemas.ts', import.meta.url))

/** Group-version to the kinds taken from it; what they refer to comes along. */
const ROOTS = {
  v1: 'Namespace Node Pod Service Endpoints ConfigMap Secret ServiceAccount Event Binding',
  'apps/v1': 'Deployment ReplicaSet',
  'autoscaling/v1': 'Scale',
  'batch/v1': 'Job',
  'events.k8s.io/v1': 'Event',
  'discovery.k8s.io/v1': 'EndpointSlice',
  'coordination.k8s.io/v1': 'Lease',
  'rbac.authorization.k8s.io/v1': 'Role RoleBinding ClusterRole ClusterRoleBinding',
  'scheduling.k8s.io/v1': 'PriorityClass',
  'scheduling.k8s.io/v1beta1': 'Workload PodGroup',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition',
  'authentication.k8s.io/v1': 'TokenRequest SelfSubjectReview',
  'authorization.k8s.io/v1': 'SelfSubjectAccessReview',
  'policy/v1': 'Eviction',
}

/** Types whose JSON is not what their fields say, or that refer to themselves. */
const SPECIAL = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { format: 'quantity' },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps': {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': { 'x-kubernetes-preserve-unknown-fields': true },
}

const KEPT = ['type', 'format', 'required', 'enum', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys']
const MERGE = ['x-kubernetes-map-type', 'x-kubernetes-patch-merge-key', 'x-kubernetes-patch-strategy']

const refOf = schema => (schema.$ref ?? schema.allOf?.[0]?.$ref)?.replace('#/components/schemas/', '')

function compact(schema, seen) {
  const ref = refOf(schema)
  const own = Object.fromEntries([...KEPT, ...MERGE].flatMap(key => (key in schema ? [[key, schema[key]]] : [])))
  if (ref) {
    seen.add(ref)
    return { $ref: ref, ...own }
  }
  if (schema.properties) {
    own.properties = Object.fromEntries(Object.entries(schema.properties).map(([k, v]) => [k, compact(v, seen)]))
  }
  if (schema.items) own.items = compact(schema.items, seen)
  if (typeof schema.additionalProperties === 'object') {
    own.additionalProperties = compact(schema.additionalProperties, seen)
  }
  return own
}

/** All schemas of the groups in ROOTS: a kind such as Scale or Eviction stands in the document of the group that serves it. */
function readSchemas(folder) {
  const files = Object.keys(ROOTS).map(v => (v === 'v1' ? 'api__v1' : `apis__${v.replace('/', '__')}`))
  const documents = files.map(f => readFileSync(join(folder, 'api/openapi-spec/v3', `${f}_openapi.json`), 'utf8'))
  return Object.assign({}, ...documents.map(document => JSON.parse(document).components.schemas))
}

function make(folder) {
  const schemas = readSchemas(folder)
  const kindOf = schema => {
    const [only, ...more] = schema['x-kubernetes-group-version-kind'] ?? []
    return only && more.length === 0 ? `${only.group ? `${only.group}/` : ''}${only.version} ${only.kind}` : ''
  }
  const typeOfKind = new Map(Object.entries(schemas).map(([name, schema]) => [kindOf(schema), name]))
  const types = {}
  const kinds = {}
  for (const kind of Object.entries(ROOTS).flatMap(([v, names]) => names.split(' ').map(name => `${v} ${name}`))) {
    const root = typeOfKind.get(kind)
    if (!root) throw new Error(`no schema of ${kind}`)
    kinds[kind] = root
    const waiting = new Set([root])
    for (const name of waiting) types[name] ??= SPECIAL[name] ?? compact(schemas[name], waiting)
  }
  return { kinds, types }
}

function text({ kinds, types }) {
  const line = ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`
  const rows = entries =>
    Object.entries(entries)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(line)
      .join(',\n')
  // JSON in a string: it costs nothing until somebody asks, and parses faster than the same literal.
  const json = `{"kinds":{\n${rows(kinds)}},\n"types":{\n${rows(types)}}}`.replace(/[\\`$]/g, '\\$&')
  return `/** Generated by scripts/kube-schemas.js from ${MODULE} ${VERSION} (Apache-2.0): do not edit. Read through built-in-schema.ts. */\nexport const BUILT_IN_SCHEMAS = \`${json}\`\n`
}

const work = mkdtempSync(join(tmpdir(), 'kube-schemas-'))
writeFileSync(join(work, 'go.mod'), 'module schemas\n')
const { Dir } = JSON.parse(
  execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { cwd: work, encoding: 'utf8' }),
)
rmSync(work, { recursive: true })
const made = text(make(Dir))
if (!process.argv.includes('--verify')) writeFileSync(target, made)
else if (!existsSync(target) || readFileSync(target, 'utf8') !== made) {
  console.error('src/kube/generated/built-in-schemas.ts is stale: run node scripts/kube-schemas.js')
  process.exit(1)
}
