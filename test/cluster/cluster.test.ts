/** Beside a real Kubernetes: its answers anew, its libraries on many random cases, and what it says of all that our compiler emits. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { isRecord } from '../../src/kube/equal.ts'
import { program } from './build-kubernetes.ts'
import { compareAnswers } from './compare-answers.ts'
import { ourAnswers } from './our-answers.ts'
import { realAnswers } from './real-answers.ts'
import { type RealCluster, startRealCluster } from './real-cluster.ts'

/** Containers of the embedded cluster need no image (docs/decisions/0005); those of a real one do. */
function withImages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withImages)
  if (!isRecord(value)) return value
  const fields = Object.entries(value).map(([key, field]) => [key, withImages(field)] as const)
  const isContainer = 'name' in value && ('command' in value || 'args' in value)
  return { ...(isContainer && { image: 'busybox:1.37' }), ...Object.fromEntries(fields) }
}

const OF_OTHERS = /^(http\.keda\.sh|autoscaling\.k8s\.io|serving\.knative\.dev)\//

const ROOT = join(import.meta.dirname, '../..')

test('every request is answered as kube-apiserver answers it now', async () => {
  const { unexplained } = compareAnswers(await realAnswers(), await ourAnswers())
  expect(unexplained).toEqual([])
})

test('100,000 random patches and applies end as in Kubernetes’ own libraries', () => {
  const args = [join(ROOT, 'scripts/run-ts.js'), join(import.meta.dirname, 'ask-judge.ts'), '--many', '100000']
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  expect(`${status} ${stdout}`).toMatch(/^0 /)
}, 1_800_000)

describe('what our compiler emits', () => {
  let real: RealCluster
  let kubernetes: string
  beforeAll(async () => {
    kubernetes = await program('kubernetes')
    real = await startRealCluster({ controllers: true })
  })
  afterAll(() => real.close())

  const examples = readdirSync(join(ROOT, 'examples')).filter(name =>
    existsSync(join(ROOT, 'examples', name, 'job.yaml')),
  )

  test.each(examples)('for examples/%s passes a strict dry run', name => {
    const emitted = spawnSync(process.execPath, [join(ROOT, 'bin/solvent.js'), 'compile', 'job.yaml'], {
      cwd: join(ROOT, 'examples', name),
      encoding: 'utf8',
    })
    expect(`${emitted.status} ${emitted.stderr}`).toMatch(/^0/)
    dryRun(emitted.stdout)
  })

  const TESTDATA = join(ROOT, 'src/compiler/testdata')
  const servers = readdirSync(TESTDATA).filter(name => /^(api|server).*\.out\.yaml$/.test(name))

  test.each(servers)('for a Server, %s, passes a strict dry run', name => {
    const text = readFileSync(join(TESTDATA, name), 'utf8').replaceAll('namespace: team', 'namespace: default')
    dryRun(text)
  })

  /** Kinds of others are left to those who define them. */
  function dryRun(text: string): void {
    const objects = parseAllDocuments(text)
      .map(document => withImages(document.toJS()))
      .filter(object => isRecord(object) && !OF_OTHERS.test(String(object.apiVersion)))
    expect(objects.length).toBeGreaterThan(0)
    const flags = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-']
    const applied = spawnSync(kubernetes, ['kubectl', '--kubeconfig', real.kubeconfig, ...flags], {
      input: objects.map(object => JSON.stringify(object)).join('\n---\n'),
      encoding: 'utf8',
    })
    expect(`${applied.status} ${applied.stderr}`).toMatch(/^0/)
  }
})
