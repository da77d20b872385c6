import { expect, test } from 'vitest'
import { standIn } from './can-stand-in.ts'

const PATH = process.env.PATH ?? ''
const node = process.execPath
const preloads = [{ command: 'solvent-batch', module: '/dist/batch.js' }]
const asked = (argv: readonly string[], env: Record<string, string> = {}) =>
  standIn(
    { argv, env: { PATH: `${node.slice(0, node.lastIndexOf('/'))}:${PATH}`, ...env }, cwd: '/', root: '/nowhere' },
    preloads,
  )

test.each([
  [['node', 'a.js', '-x'], { file: 'a.js' }],
  [[node, '/b.mjs'], { file: '/b.mjs' }],
  [['solvent-batch', 'worker'], preloads[0]],
  [['/any/where/solvent-batch', 'worker'], preloads[0]],
])('%j can be', (argv, run) => {
  expect(asked(argv)?.run).toEqual(run)
})

test.each([
  [['node'], {}],
  [['node', '--inspect', 'a.js'], {}],
  [['node', '-'], {}],
  [['node', ''], {}],
  [['/no/such/node', 'a.js'], {}],
  [['sh', 'a.js'], {}],
  [['node', 'a.js'], { NODE_OPTIONS: '--max-old-space-size=50' }],
  [['node', 'a.js'], { LANG: 'de_DE.UTF-8' }],
  [['node', 'a.js'], { UV_THREADPOOL_SIZE: '64' }],
  [['node', 'a.js'], { PATH: '/nowhere' }],
  [['solvent-batch', 'worker'], { NODE_EXTRA_CA_CERTS: '/x' }],
])('%j with %j cannot be', (argv, env) => {
  expect(asked(argv, env as unknown as Record<string, string>)).toBeUndefined()
})

test('arguments, variables and folder are handed over', () => {
  expect(asked(['node', 'a.js', 'x', 'y'], { A: '1' })).toMatchObject({ args: ['x', 'y'], env: { A: '1' }, cwd: '/' })
  expect(asked(['solvent-batch', 'worker', 'z'])?.args).toEqual(['worker', 'z'])
})
