import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SERVICE_ACCOUNT_DIR } from '../kube/names.ts'
import { inClusterConnection } from './in-cluster.ts'

test('a pod finds server, authority, token and namespace under its root', () => {
  const root = mkdtempSync(join(tmpdir(), 'in-cluster-'))
  const folder = join(root, SERVICE_ACCOUNT_DIR)
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of [
    ['ca.crt', 'PEM\n'],
    ['token', 't\n'],
    ['namespace', 'team'],
  ] as const) {
    writeFileSync(join(folder, name), text)
  }
  const env = { SOLVENT_ROOT: root, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  expect(inClusterConnection(env)).toEqual({
    server: 'https://[fd00::1]:6443',
    ca: 'PEM',
    tokenFile: join(folder, 'token'),
    namespace: 'team',
  })
  rmSync(root, { recursive: true })
})

test('outside of a pod there is none', () => {
  expect(inClusterConnection({})).toBeUndefined()
})
