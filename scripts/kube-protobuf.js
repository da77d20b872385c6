/**
 * Makes src/kube/generated/protobuf-types.ts: for each message of the built-in kinds the field behind each protobuf number, from the
 * struct tags in the published Go modules (facts only). `node scripts/kube-protobuf.js` writes the file, `--verify` exits 1 where it is
 * stale. Needs Go, which fetches the modules.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = 'v0.37.2'
const MODULES = ['k8s.io/api', 'k8s.io/apimachinery', 'k8s.io/apiextensions-apiserver']
const target = fileURLToPath(new URL('../src/kube/generated/protobuf-types.ts', import.meta.url))
const META = 'k8s.io/apimachinery/pkg/apis/meta/v1'

/** Messages that clients send beside the kinds that the schemas know. */
const MORE_ROOTS = [`${META}.DeleteOptions`, `${META}.Status`]

/** Messages whose JSON is not their fields; `kube/protobuf/special.ts` reads them. */
const SPECIAL = new Set([
  `${META}.Time`,
  `${META}.MicroTime`,
  `${META}.Duration`,
  `${META}.FieldsV1`,
  'k8s.io/apimachinery/pkg/api/resource.Quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString',
  'k8s.io/apimachinery/pkg/runtime.RawExtension',
  ...['JSON', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrStringArray'].map(
    name => `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.${name}`,
  ),
])

/** Letters of scalars, as in the file: string, bytes, integer, bool, double. */
const SCALARS = {
  string: 's',
  '[]byte': 'y',
  bool: 'b',
  float64: 'd',
  int: 'i',
  int32: 'i',
  int64: 'i',
  uint32: 'i',
  byte: 'i',
}

const work = mkdtempSync(join(tmpdir(), 'kube-protobuf-'))
writeFileSync(join(work, 'go.mod'), 'module tables\n')
const folders = Object.fromEntries(
  MODULES.map(module => {
    const told = execFileSync('go', ['mod', 'download', '-json', `${module}@${VERSION}`], {
      cwd: work,
      encoding: 'utf8',
    })
    return [module, JSON.parse(told).Dir]
  }),
)
rmSync(work, { recursive: true })

const packages = new Map()

/** Type declarations of a Go package: name -> { body: fields of a struct, or what it stands for; imports }. */
function typesOf(path) {
  const known = packages.get(path)
  if (known) return known
  const module = MODULES.find(name => path === name || path.startsWith(`${name}/`))
  const types = new Map()
  packages.set(path, types)
  if (!module) return types
  const folder = join(folders[module], path.slice(module.length))
  const proto = existsSync(join(folder, 'generated.proto')) ? readFileSync(join(folder, 'generated.proto'), 'utf8') : ''
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
    for (const [, type, other] of source.matchAll(/^type (\w+) (?!struct|interface|func)(?:= )?(\S+)(?: \/\/.*)?$/gm)) {
      types.set(type, { other, imports, isMessage: new RegExp(`^message ${type} \\{`, 'm').test(proto) })
    }
  }
  return types
}

const FIELD = /^\s+(?:(\w+) )?\s*([\w.*[\]]+)\s+`json:"([^"]*)"[^`]*protobuf:"([^"]*)"/gm

/** What a Go type is in the file: `s`, `*s` (repeated), `@s` (a map from strings), or the name of a message. */
function wireType(go, path, imports, seen) {
  if (go in SCALARS) return SCALARS[go]
  if (go.startsWith('*')) return wireType(go.slice(1), path, imports, seen)
  if (go.startsWith('[]')) return `*${wireType(go.slice(2), path, imports, seen)}`
  if (go.startsWith('map[')) return `@${wireType(go.slice(go.indexOf(']') + 1), path, imports, seen)}`
  const [alias, bare] = go.includes('.') ? go.split('.') : [undefined, go]
  const owner = alias === undefined ? path : imports[alias]
  const name = `${owner}.${bare}`
  if (SPECIAL.has(name)) return name
  const type = typesOf(owner ?? '').get(bare)
  if (!type) throw new Error(`no type ${name}`)
  if (type.other && !type.isMessage) return wireType(type.other, owner, type.imports, seen)
  seen.add(name)
  return name
}

/** `number: [json name, type, flags]`; `0` a zero means absent, `>` its fields stand in the message around it. */
function fieldsOf(name, seen) {
  const dot = name.lastIndexOf('.')
  const [path, bare] = [name.slice(0, dot), name.slice(dot + 1)]
  const { fields, other, imports } = typesOf(path).get(bare) ?? {}
  // A named slice that is a message of its own holds its elements as `items`.
  if (other) return { 1: ['', wireType(other, path, imports, seen), '>'] }
  if (fields === undefined) throw new Error(`no struct ${name}`)
  return Object.fromEntries(
    [...fields.matchAll(FIELD)].map(([, , go, json, protobuf]) => {
      const [jsonName, ...options] = json.split(',')
      const number = protobuf.split(',')[1]
      const isInline = options.includes('inline') || jsonName === ''
      const dropsZero = options.includes('omitempty') && !go.startsWith('*')
      return [number, [jsonName, wireType(go, path, imports, seen), `${dropsZero ? '0' : ''}${isInline ? '>' : ''}`]]
    }),
  )
}

/** `io.k8s.api.core.v1.Pod` -> `k8s.io/api/core/v1.Pod`. */
function goName(schemaName) {
  const parts = schemaName.split('.')
  const [type, rest] = [parts.at(-1), parts.slice(2, -1)]
  const [first, ...others] = rest
  return `k8s.io/${[first, ...others].join('/')}.${type}`
}

const { BUILT_IN_SCHEMAS } = await import(
  new URL('../src/kube/generated/built-in-schemas.ts', import.meta.url).href
).catch(async () => {
  const source = readFileSync(
    fileURLToPath(new URL('../src/kube/generated/built-in-schemas.ts', import.meta.url)),
    'utf8',
  )
  const literal = source.slice(source.indexOf('`') + 1, source.lastIndexOf('`'))
  return { BUILT_IN_SCHEMAS: literal.replace(/\\([\\`$])/g, '$1') }
})
const { kinds } = JSON.parse(BUILT_IN_SCHEMAS)
const roots = Object.fromEntries(Object.entries(kinds).map(([kind, schema]) => [kind, goName(schema)]))
const seen = new Set([...Object.values(roots), ...MORE_ROOTS])
const messages = {}
for (const name of seen) messages[name] = fieldsOf(name, seen)

const rows = entries =>
  Object.entries(entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)
    .join(',\n')
const json = `{"kinds":{\n${rows(roots)}},\n"messages":{\n${rows(messages)}}}`
const made = `/** Generated by scripts/kube-protobuf.js from ${MODULES.join(', ')} ${VERSION} (Apache-2.0): do not edit. Read through protobuf/messages.ts. */\nexport const PROTOBUF_TYPES = \`${json}\`\n`
if (!process.argv.includes('--verify')) writeFileSync(target, made)
else if (!existsSync(target) || readFileSync(target, 'utf8') !== made) {
  console.error('src/kube/generated/protobuf-types.ts is stale: run node scripts/kube-protobuf.js')
  process.exit(1)
}
