/**
 * Makes the tables of the built-in kinds under src/kube/generated from the published Go modules, facts only:
 *
 *     built-in-kinds.ts   what discovery says: scope, names, verbs, subresources   (api/discovery of k8s.io/kubernetes)
 *     built-in-types.ts   every type's fields: JSON name, protobuf number, Go type (struct tags), required, defaults, list and
 *                         merge keys (api/openapi-spec), enums (constants of `+enum` types)
 *
 * `node scripts/kube-tables.js` writes them, `--verify` exits 1 where they are stale. Needs Go, which fetches the modules. The grammar of a
 * row is explained where it is read: src/kube/type-table.ts.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const KUBERNETES = 'k8s.io/kubernetes'
const KUBERNETES_VERSION = 'v1.37.2'
const VERSION = 'v0.37.2'
const MODULES = ['api', 'apimachinery', 'apiextensions-apiserver', 'kube-aggregator', 'metrics'].map(m => `k8s.io/${m}`)
const META = 'k8s.io/apimachinery/pkg/apis/meta/v1'

/** What is served, in upstream's order of groups. Beta versions that a cluster does not serve by itself are left out, but for gangs. */
const SERVED =
  `v1 apiregistration.k8s.io/v1 apps/v1 events.k8s.io/v1 authentication.k8s.io/v1 authorization.k8s.io/v1 autoscaling/v2
autoscaling/v1 batch/v1 certificates.k8s.io/v1 networking.k8s.io/v1 policy/v1 rbac.authorization.k8s.io/v1 storage.k8s.io/v1
admissionregistration.k8s.io/v1 apiextensions.k8s.io/v1 scheduling.k8s.io/v1 scheduling.k8s.io/v1beta1 coordination.k8s.io/v1
node.k8s.io/v1 discovery.k8s.io/v1 resource.k8s.io/v1`.split(/\s+/)

/** Types that clients send or are answered beside the kinds: in every group, in bodies of subresources, or of an extension. */
const MORE_ROOTS = [
  ...[
    'DeleteOptions',
    'CreateOptions',
    'UpdateOptions',
    'PatchOptions',
    'ListOptions',
    'GetOptions',
    'Status',
    'ListMeta',
    'APIResourceList',
    'APIGroup',
    'APIGroupList',
    'APIVersions',
    'WatchEvent',
  ].map(name => `${META}.${name}`),
  'k8s.io/metrics/pkg/apis/metrics/v1beta1.NodeMetrics',
  'k8s.io/metrics/pkg/apis/metrics/v1beta1.PodMetrics',
]

/** Types whose JSON is not their fields; read by name. */
const SPECIAL = new Set([
  ...['Time', 'MicroTime', 'Duration', 'FieldsV1'].map(name => `${META}.${name}`),
  'k8s.io/apimachinery/pkg/api/resource.Quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString',
  'k8s.io/apimachinery/pkg/runtime.RawExtension',
  ...['JSON', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrStringArray'].map(
    name => `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.${name}`,
  ),
])

const SCALARS = { string: 's', bool: 'b', int32: 'i', int64: 'l', float64: 'd', uint32: 'u', int: 'n', byte: 'u' }

const work = mkdtempSync(join(tmpdir(), 'kube-tables-'))
writeFileSync(join(work, 'go.mod'), 'module tables\n')
const folderOf = (module, version) =>
  JSON.parse(execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: work, encoding: 'utf8' }))
    .Dir
const folders = Object.fromEntries(MODULES.map(module => [module, folderOf(module, VERSION)]))
const kubernetes = folderOf(KUBERNETES, KUBERNETES_VERSION)
rmSync(work, { recursive: true })

const readJson = (...path) => JSON.parse(readFileSync(join(kubernetes, 'api', ...path), 'utf8'))

// ---- Go's side: types, fields, enums

const packages = new Map()

/** Declarations of a Go package: name -> { fields } of a struct or { other } it stands for; which constants an enum has. */
function declarations(path) {
  const known = packages.get(path)
  if (known) return known
  const types = new Map()
  packages.set(path, types)
  const module = MODULES.find(name => path.startsWith(`${name}/`))
  if (!module) return types
  const folder = join(folders[module], path.slice(module.length))
  const proto = existsSync(join(folder, 'generated.proto')) ? readFileSync(join(folder, 'generated.proto'), 'utf8') : ''
  const constants = []
  for (const name of readdirSync(folder).filter(file => /^[a-z_]*\.go$/.test(file) && !/_test|generated/.test(file))) {
    const source = readFileSync(join(folder, name), 'utf8')
    const imports = Object.fromEntries(
      [...source.matchAll(/^(?:import)?\s+(?:(\w+) )?"(k8s\.io\/[^"]+)"$/gm)].map(m => [
        m[1] ?? m[2].split('/').pop(),
        m[2],
      ]),
    )
    for (const [, type, fields] of source.matchAll(/^type (\w+) struct ?\{(?:\n([\s\S]*?)^)?\}/gm)) {
      types.set(type, { fields: fields ?? '', imports })
    }
    for (const [, comment, type, other] of source.matchAll(
      /^((?:\/\/.*\n)*)type (\w+) (?!struct|interface|func)(?:= )?(\S+)(?: \/\/.*)?$/gm,
    )) {
      const isEnum = /^\/\/ \+enum/m.test(comment)
      types.set(type, { other, imports, isEnum, isMessage: new RegExp(`^message ${type} \\{`, 'm').test(proto) })
    }
    constants.push(...source.matchAll(/^(?:const)?\s+\w+\s+(\w+)\s*=\s*"([^"]*)"/gm))
    constants.push(...[...source.matchAll(/^(?:const)?\s+\w+\s*=\s*(\w+)\("([^"]*)"\)/gm)])
  }
  for (const [, type, value] of constants) {
    const owner = types.get(type)
    if (owner?.isEnum) owner.values = [...new Set([...(owner.values ?? []), value])].sort()
  }
  return types
}

/** `k8s.io/api/core/v1` -> `core/v1`, short enough to stand in every row. */
const aliases = new Map()
function aliasOf(path) {
  const parts = path.slice('k8s.io/'.length).split('/')
  const alias = /^v\d/.test(parts.at(-1)) ? parts.slice(-2).join('/') : parts.at(-1)
  if ((aliases.get(alias) ?? path) !== path) throw new Error(`${alias} is ${path} and ${aliases.get(alias)}`)
  aliases.set(alias, path)
  return alias
}

const split = name => [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)]
const seen = new Set()

/** A Go type as it stands in a row; named types are noted as seen. */
function typeText(go, path, imports) {
  if (go === '[]byte') return 'y'
  if (go in SCALARS) return SCALARS[go]
  if (go.startsWith('*')) return typeText(go.slice(1), path, imports)
  if (go.startsWith('[]')) return `[${typeText(go.slice(2), path, imports)}`
  if (go.startsWith('map[')) return `{${typeText(go.slice(go.indexOf(']') + 1), path, imports)}`
  const [alias, bare] = go.includes('.') ? go.split('.') : [undefined, go]
  const owner = alias === undefined ? path : alias === 'types' ? 'k8s.io/apimachinery/pkg/types' : imports[alias]
  if (!owner) throw new Error(`no package ${alias} of ${go} in ${path}`)
  const name = `${owner}.${bare}`
  seen.add(name)
  return owner === path ? `.${bare}` : `${aliasOf(owner)}.${bare}`
}

const FIELD = /^\s+(?:(\w+) )?\s*([\w.*[\]]+)\s+`json:"([^"]*)"(?:[^`]*?protobuf:"([^"]*)")?[^`]*`/gm

// ---- OpenAPI's side: what struct tags do not say

const schemas = {}
for (const file of readdirSync(join(kubernetes, 'api/openapi-spec/v3')).filter(name => /__v\w+_openapi/.test(name))) {
  Object.assign(schemas, readJson('openapi-spec/v3', file).components?.schemas)
}
const schemaOf = name => schemas[`io.${name.replaceAll('/', '.').replace(/^k8s\.io\.?/, 'k8s.')}`]

const LIST_TYPES = { atomic: '~a', set: '~s' }
function attributes(property, isRequired) {
  const list = property['x-kubernetes-list-type']
  const keys = property['x-kubernetes-list-map-keys']
  const map = property['x-kubernetes-map-type']
  const text = [
    isRequired ? '!' : '',
    list ? (LIST_TYPES[list] ?? `~m(${keys.join(',')})`) : '',
    map ? (map === 'atomic' ? '~A' : '~G') : '',
    property['x-kubernetes-patch-merge-key'] ? `^${property['x-kubernetes-patch-merge-key']}` : '',
    property['x-kubernetes-patch-strategy'] ? `$${property['x-kubernetes-patch-strategy']}` : '',
    'default' in property ? `=${JSON.stringify(property.default)}` : '',
  ].join('')
  if (/\s/.test(text)) throw new Error(`white space in ${text}`)
  return text
}

const isInlined = (embedded, json) => json.includes(',inline') || (json === '' && embedded === undefined)

function fieldText([, embedded, go, json, protobuf], name, path, imports, schema, unused) {
  const [jsonName, ...options] = json.split(',')
  const isInline = isInlined(embedded, json)
  const number = protobuf?.split(',')[1] ?? ''
  const flags = [
    go.startsWith('*') ? '*' : '',
    options.includes('omitempty') ? '?' : '',
    options.includes('omitzero') ? '0' : '',
    isInline ? '>' : '',
  ].join('')
  const property = isInline ? undefined : schema?.properties?.[jsonName]
  if (schema && !isInline && !property) throw new Error(`${name}: ${jsonName} is not in OpenAPI`)
  unused?.delete(jsonName)
  const told = property ? attributes(property, schema.required?.includes(jsonName)) : ''
  return `${jsonName}:${number}${typeText(go, path, imports)}${flags}${told}`
}

/** The row of a type: `Name{field field …` of a struct, `Name=type value,value` of what stands for another. */
function row(name) {
  const [path, bare] = split(name)
  if (SPECIAL.has(name)) return `${bare}`
  const declared = declarations(path).get(bare)
  if (!declared) {
    if (path === 'k8s.io/apimachinery/pkg/types') return `${bare}=s`
    throw new Error(`no type ${name}`)
  }
  const { fields, other, imports, values, isMessage } = declared
  if (other)
    return `${bare}=${typeText(other, path, imports)}${isMessage ? '>' : ''}${values ? ` ${values.join(',')}` : ''}`
  const schema = schemaOf(name) ?? inlinedIn.get(name)
  const unused = schemaOf(name) && new Set(Object.keys(schema.properties ?? {}))
  const all = [...fields.matchAll(FIELD)]
  const isObject = all.some(([, , go]) => /(^|\.)TypeMeta$/.test(go))
  const told = all.filter(([, , go, json]) => !/(^|\.)TypeMeta$/.test(go) && json !== '-')
  const texts = told.map(field => fieldText(field, name, path, imports, schema, unused))
  for (const [, embedded, go, json] of told) {
    if (isInlined(embedded, json)) dropInlined(typeText(go, path, imports), path, unused, schema)
  }
  if (isObject) for (const key of ['apiVersion', 'kind']) unused?.delete(key)
  if (unused?.size) throw new Error(`${name}: no tag of ${[...unused]}`)
  const map = schema?.['x-kubernetes-map-type']
  const unions = schema?.['x-kubernetes-unions']
  const own = [map ? (map === 'atomic' ? '~A' : '~G') : '', unions ? `U${JSON.stringify(unions)}` : ''].join('')
  if (/\s/.test(own)) throw new Error(`white space in ${own}`)
  return `${bare}{${[`${isObject ? '@' : ''}${own}`, ...texts].join(' ')}`
}

/** A type that only stands within others has no schema of its own: the one around it says what it says. */
const inlinedIn = new Map()

function dropInlined(ref, path, unused, schema) {
  if (!unused) return
  const [alias, bare] = split(ref)
  const owner = alias === '' ? path : aliases.get(alias)
  const { fields } = declarations(owner).get(bare)
  inlinedIn.set(`${owner}.${bare}`, schema)
  const { imports } = declarations(owner).get(bare)
  for (const [, embedded, go, json] of fields.matchAll(FIELD)) {
    if (isInlined(embedded, json)) dropInlined(typeText(go, owner, imports), owner, unused, schema)
    else unused.delete(json.split(',')[0])
  }
}

// ---- Kinds

const discovery = readJson('discovery/aggregated_v2.json')
const core = readJson('discovery/api__v1.json')
const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** A legacy document's rows as aggregated discovery has them: subresources under their resource. */
function aggregate({ resources }) {
  const kindOf = ({ group, version, kind }) => ({ group: group ?? '', version: version ?? 'v1', kind })
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(main => ({
      resource: main.name,
      responseKind: kindOf(main),
      scope: main.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: main.singularName,
      verbs: main.verbs,
      shortNames: main.shortNames,
      categories: main.categories,
      subresources: resources
        .filter(({ name }) => name.startsWith(`${main.name}/`))
        .map(sub => ({ subresource: sub.name.split('/')[1], responseKind: kindOf(sub), verbs: sub.verbs })),
    }))
}

function resourcesOf(apiVersion) {
  if (apiVersion === 'v1') return aggregate(core)
  const [group, version] = apiVersion.split('/')
  /** What discovery leaves empty is the document's own. */
  const whole = kind => ({ ...kind, group: kind.group || group, version: kind.version || version })
  const found = discovery.items.find(item => item.metadata.name === group)?.versions.find(v => v.version === version)
  if (!found) throw new Error(`discovery has no ${apiVersion}`)
  return found.resources.map(({ responseKind, subresources = [], ...rest }) => ({
    ...rest,
    responseKind: whole(responseKind),
    subresources: subresources.map(sub => ({ ...sub, responseKind: whole(sub.responseKind) })),
  }))
}

const apiVersionOf = ({ group, version }) => (group ? `${group}/${version}` : version)
const kindTypes = new Map(
  Object.entries(schemas).flatMap(([name, schema]) =>
    (schema['x-kubernetes-group-version-kind'] ?? []).map(gvk => [`${apiVersionOf(gvk)} ${gvk.kind}`, name]),
  ),
)
/** `io.k8s.api.core.v1.Pod` -> `k8s.io/api/core/v1.Pod`. */
function goName(schema) {
  const parts = schema.split('.')
  return `k8s.io/${parts.slice(2, -1).join('/')}.${parts.at(-1)}`
}

const kindRows = []
const kinds = new Map()
function noteKind(responseKind) {
  const key = `${apiVersionOf(responseKind)} ${responseKind.kind}`
  const schema = kindTypes.get(key)
  if (!schema) return
  kinds.set(key, goName(schema))
  seen.add(goName(schema))
}

for (const apiVersion of SERVED) {
  for (const resource of resourcesOf(apiVersion).sort((a, b) => (a.resource < b.resource ? -1 : 1))) {
    const {
      responseKind,
      scope,
      singularResource,
      verbs,
      shortNames = [],
      categories = [],
      subresources = [],
    } = resource
    noteKind(responseKind)
    const subs = subresources.map(({ subresource, responseKind: kind = {}, verbs: can }) => {
      noteKind(kind)
      const isOwn = kind.kind === responseKind.kind && (kind.group ?? '') === (responseKind.group ?? '')
      return `${subresource}${isOwn ? '' : `=${apiVersionOf(kind)}.${kind.kind}`}:${[...can].sort().join(',')}`
    })
    const isAll = [...verbs].sort().join() === ALL_VERBS.join()
    kindRows.push([
      apiVersion,
      responseKind.kind,
      resource.resource,
      scope === 'Namespaced',
      singularResource,
      shortNames.join(' '),
      categories.join(' '),
      isAll ? '' : [...verbs].sort().join(' '),
      subs.sort().join(' '),
    ])
  }
}

// ---- Files

for (const name of MORE_ROOTS) seen.add(name)
const rows = new Map()
for (const name of seen) rows.set(name, row(name))
// Once more, now that it is known what stands within what.
for (const name of seen) rows.set(name, row(name))
const byPackage = new Map()
for (const [name, text] of rows) {
  const alias = aliasOf(split(name)[0])
  byPackage.set(alias, [...(byPackage.get(alias) ?? []), text])
}
const kindsText = [...kinds].map(([kind, name]) => `${kind} ${aliasOf(split(name)[0])}.${split(name)[1]}`)
const typesText = [...byPackage]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([alias, texts]) => [`#${alias} ${aliases.get(alias).slice('k8s.io/'.length)}`, ...texts.sort()].join('\n'))
const body = `${kindsText.sort().join('\n')}\n\n${typesText.join('\n')}`.replace(/[\\`$]/g, '\\$&')
const head = `/** Generated by scripts/kube-tables.js from ${KUBERNETES} ${KUBERNETES_VERSION} and its modules (Apache-2.0): do not edit.`

const made = {
  'built-in-types.ts': `${head} Read through kube/type-table.ts. */\nexport const BUILT_IN_TYPES = \`${body}\`\n`,
  'built-in-kinds.ts': `${head} Read through kube/kinds.ts. */\nexport const BUILT_IN_ROWS = [\n${kindRows.map(cells => `  ${JSON.stringify(cells)},`).join('\n')}\n] as const\n`,
}

let isStale = false
for (const [file, text] of Object.entries(made)) {
  const target = fileURLToPath(new URL(`../src/kube/generated/${file}`, import.meta.url))
  if (!process.argv.includes('--verify')) writeFileSync(target, text)
  else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error(`src/kube/generated/${file} is stale: run node scripts/kube-tables.js`)
    isStale = true
  }
}
if (isStale) process.exit(1)
