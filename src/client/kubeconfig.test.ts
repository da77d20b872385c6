import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatProblem } from '../base/problem.ts'
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('what we write is private and reads back', async () => {
  const path = join(folder, 'deep', 'kubeconfig')
  writeKubeconfig(path, { server: 'https://127.0.0.1:1', ca: 'PEM', token: 't' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await readKubeconfig({ file: path })).toMatchObject({
    ok: true,
    value: { server: 'https://127.0.0.1:1', ca: 'PEM', token: 't' },
  })
})

test('YAML with embedded data, files beside it, and a namespace', async () => {
  file('client.key', 'KEY')
  const path = file(
    'config',
    `
current-context: prod
clusters: [{ name: c, cluster: { server: https://prod:6443, certificate-authority-data: ${base64('CA')}, tls-server-name: kubernetes } }]
users: [{ name: u, user: { client-certificate-data: ${base64('CERT')}, client-key: client.key } }]
contexts: [{ name: prod, context: { cluster: c, user: u, namespace: team } }]
`,
  )
  expect(await readKubeconfig({ file: path })).toEqual({
    ok: true,
    value: {
      server: 'https://prod:6443',
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      serverName: 'kubernetes',
      namespace: 'team',
    },
  })
})

test('of several files the first to name something wins, and one that is missing is passed over', async () => {
  const one = file('one', 'contexts: [{ name: x, context: { cluster: c, user: u } }]\ncurrent-context: x')
  const two = file(
    'two',
    'clusters: [{ name: c, cluster: { server: https://two } }]\nusers: [{ name: u, user: { token: t } }]\ncurrent-context: y',
  )
  const env = { KUBECONFIG: [one, join(folder, 'missing'), two].join(':') }
  expect(await readKubeconfig({ env })).toMatchObject({ ok: true, value: { server: 'https://two', token: 't' } })
})

const refusals: [string, string, string | undefined, string][] = [
  [
    'a context that is not there',
    'contexts: [{ name: production, context: {} }]',
    'prodution',
    'has no context "prodution". Did you mean "production"?',
  ],
  ['no current context', 'contexts: []', undefined, 'names no current context. Name one with --context.'],
  ['no YAML', 'a: [', undefined, 'is not a kubeconfig'],
  [
    'a credential plugin',
    `clusters: [{ name: c, cluster: { server: https://x } }]
users: [{ name: u, user: { exec: { command: aws } } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]`,
    'x',
    'user "u" gets its credentials from the program "aws", but Solvent runs no credential plugins. Use a context with a token',
  ],
  [
    'a file that is missing',
    `clusters: [{ name: c, cluster: { server: https://x, certificate-authority: nowhere.crt } }]
contexts: [{ name: x, context: { cluster: c } }]`,
    'x',
    'names a file that cannot be read',
  ],
]
test.each(refusals)('%s is a problem', async (_, text, context, expected) => {
  const result = await readKubeconfig({ file: file('config', text), context })
  expect(result.ok ? 'ok' : formatProblem(result.problems[0]!)).toContain(expected)
})

test('a file that cannot be read is a problem', async () => {
  const result = await readKubeconfig({ file: join(folder, 'nowhere') })
  expect(result.ok ? 'ok' : formatProblem(result.problems[0]!)).toContain('nowhere cannot be read: ENOENT')
})
