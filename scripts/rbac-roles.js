/**
 * Writes src/apiserver/auth/rbac/built-in-roles.ts: the roles and bindings that every cluster has, as rows. The source is the test data of
 * k8s.io/kubernetes (plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata), where upstream keeps what its code builds.
 *
 *     node scripts/rbac-roles.js [path of the Go module k8s.io/kubernetes]
 *
 * With --verify nothing is written; it fails when the file is not what would be written.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const VERSION = 'v1.37.2'
const TARGET = new URL('../src/apiserver/auth/rbac/built-in-roles.ts', import.meta.url)
const given = process.argv.slice(2).filter(argument => !argument.startsWith('--'))[0]
const folder =
  given ?? join(execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim(), `k8s.io/kubernetes@${VERSION}`)
const items = file =>
  parse(readFileSync(join(folder, 'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata', file), 'utf8')).items

const words = list => (list ?? []).map(word => word || "''").join(' ')
const ruleRow = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }) =>
  nonResourceURLs
    ? `${words(verbs)} | ${words(nonResourceURLs)}`
    : [verbs, apiGroups, resources, ...(resourceNames ? [resourceNames] : [])].map(words).join(' | ')

const roleRow = ({ metadata: { name, namespace, labels }, rules, aggregationRule }) => ({
  name,
  ...(namespace && { namespace }),
  ...flagged(labels, 'aggregate-to-'),
  ...(aggregationRule && {
    from: aggregationRule.clusterRoleSelectors.flatMap(({ matchLabels }) => Object.keys(matchLabels)).map(short),
  }),
  rules: (rules ?? []).map(ruleRow),
})
const short = label => label.replace('rbac.authorization.k8s.io/aggregate-to-', '')
const flagged = (labels, part) => {
  const found = Object.keys(labels)
    .filter(label => label.includes(part))
    .map(short)
  return found.length > 0 ? { into: found } : {}
}
const bindingRow = ({ metadata: { name, namespace }, roleRef, subjects }) => ({
  name,
  ...(namespace && { namespace }),
  role: `${roleRef.kind} ${roleRef.name}`,
  subjects: (subjects ?? []).map(
    subject => `${subject.kind} ${subject.namespace ? `${subject.namespace}/` : ''}${subject.name}`,
  ),
})

const rows = (list, row) => list.map(item => `  ${literal(row(item))},\n`).join('')
const literal = row =>
  `{ ${Object.entries(row)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(', ')} }`
const roles = ['cluster-roles.yaml', 'controller-roles.yaml', 'namespace-roles.yaml'].flatMap(items)
const bindings = [
  'cluster-role-bindings.yaml',
  'controller-role-bindings.yaml',
  'namespace-role-bindings.yaml',
].flatMap(items)
const text = `// Made by scripts/rbac-roles.js from k8s.io/kubernetes ${VERSION}: change the script, not this file.
/** The roles and bindings that every cluster has from its start, as rows; \`bootstrap-roles.ts\` reads them. */

export interface RoleRow {
  readonly name: string
  readonly namespace?: string
  /** Its rules become part of these roles. */
  readonly into?: readonly string[]
  /** It has the rules of those that are marked so. */
  readonly from?: readonly string[]
  /** \`verbs | groups | resources | names\`, or \`verbs | paths\`. */
  readonly rules: readonly string[]
}

export interface BindingRow {
  readonly name: string
  readonly namespace?: string
  readonly role: string
  /** \`Kind name\`, with a ServiceAccount's namespace before its name. */
  readonly subjects: readonly string[]
}

// biome-ignore format: a table
export const ROLES: readonly RoleRow[] = [
${rows(roles, roleRow)}]

// biome-ignore format: a table
export const BINDINGS: readonly BindingRow[] = [
${rows(bindings, bindingRow)}]
`
if (process.argv.includes('--verify')) {
  if (readFileSync(TARGET, 'utf8') !== text)
    throw new Error('built-in-roles.ts is not what scripts/rbac-roles.js writes')
} else writeFileSync(TARGET, text)
