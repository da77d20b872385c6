/** Our kinds run by our controllers, in process; pods are played, so what a coordinator would write into the status, the test writes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConfigMap, Event, Pod } from '../../src/kube/core.ts'
import type { Job } from '../../src/kube/workloads.ts'
import { API_VERSION, type BatchJob, type Fleet, type Server, type TrainingJob } from '../../src/spec/kinds.ts'
import { type Part, startTestCluster, type TestCluster } from './cluster-in-process.ts'

let cluster: TestCluster
let folder: string
let part: (pod: Pod) => Part | Promise<Part>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'solvent-declarations-'))
  part = () => 'runs'
  cluster = await startTestCluster(pod => part(pod))
  await cluster.addNode('node-0')
})
afterEach(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
})

const condition = (
  object: { status?: { conditions?: readonly { type: string; status: string; reason?: string; message?: string }[] } },
  type: string,
) => object.status?.conditions?.find(each => each.type === type && each.status === 'True')

/** The first Event about `name` with this reason, now or later: events are written after everything else. */
async function eventOf(name: string, reason: string): Promise<Event> {
  const fieldSelector = `involvedObject.name=${name},reason=${reason}`
  const signal = AbortSignal.timeout(10_000)
  for await (const { type, object } of cluster.api.watch<Event>(
    { apiVersion: 'v1', kind: 'Event' },
    { fieldSelector, signal },
  )) {
    if (type === 'ADDED') return object
  }
  throw new Error(`no Event ${reason} about ${name}`)
}

const uri = (name: string): string => pathToFileURL(join(folder, name)).href

describe('BatchJob', () => {
  const ref = { apiVersion: API_VERSION, kind: 'BatchJob', namespace: 'default', name: 'words' }
  const jobRef = (role: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespace: 'default',
    name: `words-${role}`,
  })
  const batchJob = (spec: Partial<BatchJob['spec']> = {}): BatchJob => ({
    apiVersion: API_VERSION,
    kind: 'BatchJob',
    metadata: { name: 'words', namespace: 'default' },
    spec: {
      input: { text: [uri('*.txt')] },
      map: { split: '\\s+' },
      reduce: { by: 'sum' },
      output: { parquet: uri('out') },
      ...spec,
    },
  })
  const patchStatus = (status: BatchJob['status']) =>
    cluster.api.patch(ref, 'merge', { status }, { subresource: 'status' })

  test('is planned, compiled and run, and completes when its coordinator says so', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one two two\n'.repeat(1000))
    let finish = (): void => {}
    const ended = new Promise<void>(resolve => {
      finish = resolve
    })
    part = async () => {
      await ended
      return { exits: 0 }
    }
    await cluster.api.create(batchJob())
    const planned = await cluster.when<BatchJob>(ref, each => condition(each, 'Planned') !== undefined)
    expect(planned.status).toMatchObject({ phase: 'Pending', plan: '1 split, 1 worker, 1 partition, hash, combine' })
    await cluster.when<Job>(jobRef('coordinator'), each => each.status?.ready === 1)
    await cluster.when<Job>(jobRef('workers'), each => each.status?.ready === 1)
    await patchStatus({ phase: 'Running', pendingTasks: 1 })
    await patchStatus({ phase: 'Succeeded', output: { uri: uri('out'), files: 1, rows: 2, bytes: 100 } })
    finish()
    const done = await cluster.when<BatchJob>(ref, each => condition(each, 'Complete') !== undefined)
    expect(condition(done, 'Complete')?.message).toBe(`2 rows (100 B) in 1 file in ${uri('out')}`)
    await cluster.when<Job>(jobRef('workers'), each => condition(each, 'Complete') !== undefined)
    for (const reason of ['Planned', 'Started', 'Complete']) await eventOf('words', reason)
    await cluster.api.delete(ref)
    for (const role of ['coordinator', 'workers']) await cluster.whenGone(jobRef(role))
    expect(cluster.log).toEqual([])
  })

  test('gets more workers when more tasks wait', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one two two\n'.repeat(1000))
    await cluster.api.create(batchJob({ workers: { min: 1, max: 4 }, strategy: { splitBytes: 1024 ** 2 } }))
    await cluster.when<Job>(jobRef('workers'), each => each.status?.ready === 1)
    await patchStatus({ phase: 'Running', pendingTasks: 7 })
    await cluster.when<Job>(jobRef('workers'), each => each.status?.ready === 4)
  })

  test.each([
    {
      what: 'no input',
      spec: {},
      reason: 'InvalidInput',
      message: (): string =>
        `spec.input.text[0] is "${uri('*.txt')}", but it matches no file. Correct the path, or remove it.`,
    },
    {
      what: 'a relative path',
      spec: { input: { text: ['books/*.txt'] } },
      reason: 'InvalidSpec',
      message: (): string =>
        'spec.input.text[0] is "books/*.txt", but a path is relative to the YAML file, whose folder the cluster does not know. Submit the file with: solvent apply -f FILE',
    },
  ])('is refused for $what', async ({ spec, reason, message }) => {
    await cluster.api.create(batchJob(spec))
    const failed = await cluster.when<BatchJob>(ref, each => condition(each, 'Failed') !== undefined)
    expect(condition(failed, 'Failed')).toMatchObject({ reason, message: message() })
    expect(failed.status?.phase).toBe('Failed')
    expect(await cluster.list('batch/v1', 'Job')).toEqual([])
  })

  test('is refused where the output folder is not empty', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one\n')
    mkdirSync(join(folder, 'out'))
    writeFileSync(join(folder, 'out', 'old'), '')
    await cluster.api.create(batchJob())
    const failed = await cluster.when<BatchJob>(ref, each => condition(each, 'Failed') !== undefined)
    expect(condition(failed, 'Failed')?.message).toBe(
      `spec.output.parquet is "${uri('out')}", but the folder is not empty (1 entry). Empty it (rm -r ${join(folder, 'out')}) or name another folder.`,
    )
  })

  test('fails with the reason when its coordinator cannot run', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one\n')
    part = pod => (pod.spec.hostname === 'words-coordinator-0' ? { exits: 127 } : 'runs')
    await cluster.api.create(batchJob())
    await cluster.when<Job>(jobRef('coordinator'), () => true)
    // The played node does not restart in place, so the Job's limit is brought down instead.
    await cluster.api.patch(jobRef('coordinator'), 'merge', { spec: { backoffLimit: 0 } })
    const failed = await cluster.when<BatchJob>(ref, each => condition(each, 'Failed') !== undefined)
    expect(condition(failed, 'Failed')).toMatchObject({ reason: 'CoordinatorFailed' })
    expect(condition(failed, 'Failed')?.message).toMatch(
      /^Job words-coordinator failed .*; pod words-coordinator-0-\w+ exited 127$/,
    )
    await cluster.whenGone(jobRef('workers'))
  })

  test('owns the ConfigMap of its code', async () => {
    writeFileSync(join(folder, 'a.txt'), 'one\n')
    const code: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'words-code-12345678', namespace: 'default' },
      immutable: true,
      binaryData: { 'main.mjs.gz': '' },
    }
    await cluster.api.create(code)
    await cluster.api.create(
      batchJob({ map: { module: uri('m.ts'), export: 'words' }, code: { configMap: 'words-code-12345678' } }),
    )
    const codeRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'words-code-12345678' }
    await cluster.when<ConfigMap>(codeRef, ({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'BatchJob')
    await cluster.api.delete(ref)
    await cluster.whenGone(codeRef)
  })
})

describe('TrainingJob', () => {
  const ref = { apiVersion: API_VERSION, kind: 'TrainingJob', namespace: 'default', name: 'ring' }
  const trainingJob = (spec: Partial<TrainingJob['spec']> = {}): TrainingJob => ({
    apiVersion: API_VERSION,
    kind: 'TrainingJob',
    metadata: { name: 'ring', namespace: 'default' },
    spec: { parallelism: { data: 4 }, framework: { command: ['true'] }, ...spec },
  })

  test('a gang of which one rank fails starts anew as a whole, and completes', async () => {
    const alive = new Map<string, number>()
    let attempts = 0
    part = async ({ metadata, spec }) => {
      const attempt = metadata.labels!['solvent.dev/attempt']!
      alive.set(attempt, (alive.get(attempt) ?? 0) + 1)
      attempts = Math.max(attempts, Number(attempt) + 1)
      if (attempt === '0') return spec.hostname === 'ring-0-2' ? { exits: 9 } : 'runs'
      return { exits: 0 }
    }
    await cluster.api.create(trainingJob())
    const done = await cluster.when<TrainingJob>(ref, each => condition(each, 'Complete') !== undefined)
    expect(done.status).toMatchObject({ phase: 'Succeeded', attempt: 1, ranks: 4 })
    expect(attempts).toBe(2)
    expect([...alive]).toEqual([
      ['0', 4],
      ['1', 4],
    ])
    await cluster.whenGone({ apiVersion: 'batch/v1', kind: 'Job', namespace: 'default', name: 'ring-0' })
    expect((await eventOf('ring', 'Restarting')).message).toMatch(
      /^attempt 1 of 4 after pod ring-0-2-\w+ exited 9: the gang restarts together$/,
    )
  })

  test('a gang that always fails is given up after maxRestarts', async () => {
    part = ({ spec }) => (spec.hostname?.endsWith('-0') ? { exits: 1 } : 'runs')
    await cluster.api.create(trainingJob({ maxRestarts: 1 }))
    const failed = await cluster.when<TrainingJob>(ref, each => condition(each, 'Failed') !== undefined)
    expect(failed.status).toMatchObject({ phase: 'Failed', attempt: 1 })
    expect(condition(failed, 'Failed')?.message).toMatch(/^pod ring-1-0-\w+ exited 1; restarted once$/)
  })

  test('auto is answered with what to declare', async () => {
    await cluster.api.create(trainingJob({ parallelism: {} }))
    const failed = await cluster.when<TrainingJob>(ref, each => condition(each, 'Failed') !== undefined)
    expect(condition(failed, 'Failed')).toMatchObject({ reason: 'InvalidSpec' })
  })

  describe('with a model', () => {
    const model = { layers: 4, hidden: 1024, heads: 8, vocab: 32_000 }
    const modelJob = (spec: Partial<TrainingJob['spec']> = {}): TrainingJob =>
      trainingJob({ parallelism: {}, model, data: { sequenceLength: 1024, globalBatch: 16 }, ...spec })
    const alone = { context: 1, tensor: 1, pipeline: 1 }
    const gpus = { cpu: '8', memory: '16Gi', pods: '200', 'nvidia.com/gpu': '8' }
    const isWaiting = ({ status }: TrainingJob): boolean =>
      status?.conditions?.some(({ reason }) => reason === 'WaitingForFleet') ?? false
    const isComplete = (job: TrainingJob): boolean => condition(job, 'Complete') !== undefined

    const labelGpus = (name: string, product: string): Promise<unknown> =>
      cluster.api.patch({ apiVersion: 'v1', kind: 'Node', name }, 'merge', {
        metadata: { labels: { 'nvidia.com/gpu.product': product } },
      })

    beforeEach(() => {
      part = () => ({ exits: 0 })
    })

    test('a job whose Fleet comes later waits, says so, and runs when it comes', async () => {
      await cluster.api.create(modelJob({ fleet: { name: 'racks' }, parallelism: { ...alone, data: 16 } }))
      const waiting = await cluster.when<TrainingJob>(ref, isWaiting)
      expect(waiting.status).toMatchObject({ phase: 'Pending', observedGeneration: 1 })
      expect(waiting.status?.conditions).toMatchObject([
        {
          type: 'Planned',
          status: 'False',
          message: expect.stringMatching(/there is no Fleet of that name\. .*h100x64/),
        },
      ])
      expect((await eventOf('ring', 'WaitingForFleet')).type).toBe('Warning')
      await cluster.api.create({
        apiVersion: API_VERSION,
        kind: 'Fleet',
        metadata: { name: 'racks', namespace: 'default' },
        spec: { preset: 'h100x16' },
      } as Fleet)
      const done = await cluster.when<TrainingJob>(ref, isComplete)
      expect(done.status).toMatchObject({ phase: 'Succeeded', ranks: 16 })
    })

    test('a job waits for a node until its devices are known, and for a larger Fleet until it is', async () => {
      const fleet = { apiVersion: API_VERSION, kind: 'Fleet', namespace: 'default', name: 'racks' }
      await cluster.api.create({
        apiVersion: API_VERSION,
        kind: 'Fleet',
        metadata: { name: 'racks', namespace: 'default' },
        spec: { preset: 'h100x8' },
      } as Fleet)
      const wide = modelJob({ fleet: { name: 'racks' }, parallelism: { ...alone, data: 16 } })
      await cluster.api.create({ ...wide, metadata: { ...wide.metadata, name: 'wide' } })
      await cluster.api.create(modelJob({ parallelism: { ...alone, data: 8 } }))
      await cluster.when<TrainingJob>({ ...ref, name: 'wide' }, isWaiting)
      await cluster.when<TrainingJob>(ref, isWaiting)
      await cluster.addNode('gpu-0', gpus)
      await cluster.when<TrainingJob>(ref, ({ status }) =>
        /no label names/.test(status?.conditions?.[0]?.message ?? ''),
      )
      await labelGpus('gpu-0', 'NVIDIA-H100-80GB-HBM3')
      expect((await cluster.when<TrainingJob>(ref, isComplete)).status?.ranks).toBe(8)
      await cluster.api.patch(fleet, 'merge', { spec: { preset: 'h100x16' } })
      expect((await cluster.when<TrainingJob>({ ...ref, name: 'wide' }, isComplete)).status?.ranks).toBe(16)
    })

    test('heads that do not divide fail it at once, though there is no fleet', async () => {
      await cluster.api.create(modelJob({ parallelism: { tensor: 3 } }))
      const failed = await cluster.when<TrainingJob>(ref, each => condition(each, 'Failed') !== undefined)
      expect(condition(failed, 'Failed')).toMatchObject({ reason: 'InvalidSpec' })
    })

    test('a gang keeps its plan over a restart of the controllers and other devices', async () => {
      let finish = (): void => {}
      const end = new Promise<Part>(resolve => {
        finish = () => resolve({ exits: 0 })
      })
      part = () => end
      await cluster.addNode('gpu-0', gpus)
      await labelGpus('gpu-0', 'NVIDIA-H100-80GB-HBM3')
      await cluster.api.create(modelJob())
      const before = await cluster.when<TrainingJob>(ref, each => each.status?.phase === 'Running')
      await labelGpus('gpu-0', 'NVIDIA-A100-SXM4-80GB')
      await cluster.restartControllers()
      // What was restarted has looked at the job once it has observed this.
      await cluster.api.patch(ref, 'merge', { spec: { maxRestarts: 1 } })
      const after = await cluster.when<TrainingJob>(ref, ({ status }) => status?.observedGeneration === 2)
      finish()
      const done = await cluster.when<TrainingJob>(ref, isComplete)
      for (const { status } of [after, done]) {
        const { plan, planConfigMap, ranks } = before.status!
        expect(status).toMatchObject({ plan, planConfigMap, ranks })
      }
      const maps = await cluster.list<ConfigMap>('v1', 'ConfigMap', 'default')
      expect(maps.filter(({ data }) => data?.['plan.json']).map(({ metadata }) => metadata.name)).toEqual([
        before.status!.planConfigMap,
      ])
    })
  })
})

test('a Server becomes available, and again after a change', async () => {
  const ref = { apiVersion: API_VERSION, kind: 'Server', namespace: 'default', name: 'web' }
  const server: Server = {
    apiVersion: API_VERSION,
    kind: 'Server',
    metadata: { name: 'web', namespace: 'default' },
    spec: { run: { command: ['node', 'server.js'], port: 8080 }, replicas: { min: 2, max: 2 }, config: { A: '1' } },
  }
  await cluster.api.create(server)
  const first = await cluster.when<Server>(
    ref,
    each => each.status?.phase === 'Available' && each.status.readyReplicas === 2,
  )
  await cluster.api.patch(ref, 'merge', { spec: { config: { A: '2' } } })
  await cluster.when<Server>(
    ref,
    ({ status, metadata }) =>
      metadata.generation! > first.metadata.generation! &&
      status?.observedGeneration === metadata.generation &&
      status?.phase === 'Available' &&
      status.readyReplicas === 2 &&
      status.replicas === 2,
  )
  expect((await cluster.list('v1', 'Service')).map(({ metadata }) => metadata.name)).toContain('web')
})

describe('what the planner is given', () => {
  const head = { apiVersion: API_VERSION, metadata: { name: 'given', namespace: 'default' } } as const

  test('a config.json comes back as it was, with fields that nobody here knows and with its nulls', async () => {
    const config = {
      model_type: 'llama',
      rope_scaling: null,
      quantization_config: { modules: ['a', null], weird: 1.5 },
    }
    const model = { huggingface: { file: 'file:///m/config.json', config } }
    const fleet = { pools: [{ device: 'h100', nodes: 2, nicGigabitsPerSecond: 200.5 }] }
    const spec = {
      model,
      fleet,
      data: { sequenceLength: 4096, globalBatch: 64, tokens: 15e12 },
      parallelism: { data: 2 },
      framework: { command: ['train'] },
      stages: [16, 16],
      recompute: { kind: 'full' },
    }
    const created = await cluster.api.create({ ...head, kind: 'TrainingJob', spec } as TrainingJob)
    expect((created as unknown as TrainingJob).spec).toEqual(spec)
    const applied = { ...head, metadata: { ...head.metadata, name: 'applied' }, kind: 'TrainingJob', spec }
    expect((await cluster.api.apply<TrainingJob>(applied, { fieldManager: 'solvent' })).spec).toEqual(spec)
  })

  test('a Fleet is kept, and refused where it says what cannot be', async () => {
    const fleet = { ...head, kind: 'Fleet', spec: { preset: 'h100x64', inNetworkReduction: true } }
    await cluster.api.create(fleet)
    expect(await cluster.api.get({ ...head, kind: 'Fleet', namespace: 'default', name: 'given' })).toMatchObject(fleet)
    const nothing = {
      ...head,
      kind: 'Fleet',
      metadata: { ...head.metadata, name: 'bad' },
      spec: { pools: [{ device: 'h100' }] },
    }
    await expect(cluster.api.create(nothing)).rejects.toThrow('spec.pools[0].nodes: Required value')
  })
})
