/** Server: a replicated program behind one address. The stored form. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { code, command, conditions, image, observedGeneration, resources, workingDir } from './parts.ts'
import { serverProbes } from './server-probes.ts'
import { flag, integer, list, oneOf, record, text, textMap } from './words.ts'

/** A number or a share, as text, since a field has one type. */
const COUNT_OR_PERCENT = '^[0-9]+%?$'

const run = record(
  'The program.',
  {
    command: command('The program and its arguments.'),
    module: text(
      'A TypeScript or JavaScript file whose default export answers requests: (request: Request) => Response, as in the Fetch standard, or (request, response) as in node:http. Relative to the YAML file.',
      { minLength: 1 },
    ),
    port: integer('Port on which the program listens, given to it as PORT. Its Service has the same.', {
      minimum: 1,
      maximum: 65535,
    }),
    protocol: oneOf('What it speaks. http unless given.', ['http', 'grpc', 'tcp', 'udp']),
    workingDir,
  },
  ['port'],
)

const replicas = record('How many copies run. A plain number fixes it.', {
  min: integer(
    'Copies at least. 1 unless given. With 0 none is left while nobody asks, and the first request waits for a copy.',
    { minimum: 0 },
  ),
  max: integer('Copies at most. The same as min unless given.', { minimum: 0 }),
  targetCpu: integer(
    'Share of the requested CPU, in percent, that scaling aims at. 70 where nothing else is aimed at.',
    {
      minimum: 1,
      maximum: 1000,
    },
  ),
  targetRequestsPerSecond: integer(
    'Requests per second of one copy that scaling aims at. The copies count them: see metrics.',
    {
      minimum: 1,
    },
  ),
  idleSeconds: integer('Seconds without a request after which none is left, where min is 0. 60 unless given.', {
    minimum: 1,
  }),
})

const secret = record(
  'A Secret. Each of its keys is an environment variable, unless path or variables say otherwise.',
  {
    name: text('Name of the Secret, in the same namespace. It is made apart from the declaration.', { minLength: 1 }),
    path: text('Folder in which each key is a file. A changed Secret reaches it within a second.', { pattern: '^/.' }),
    variables: textMap('Environment variable to the key that it holds.'),
  },
  ['name'],
)

const metrics = record('Where the copies tell, as Prometheus text, how much they do. A module does this by itself.', {
  path: text('Path. /metrics unless given.', { pattern: '^/' }),
  port: integer('Port. That of run unless given.', { minimum: 1, maximum: 65535 }),
  requests: text('The counter of requests, without _total. http_requests unless given.', {
    pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$',
  }),
})

const rollout = record('How a change replaces the copies that run.', {
  strategy: oneOf(
    'Whether a new copy answers before an old one goes (rolling, unless given) or all go first (recreate).',
    ['rolling', 'recreate'],
  ),
  maxSurge: text('Copies more than wanted at once, or a share such as 25%. 25% unless given.', {
    pattern: COUNT_OR_PERCENT,
  }),
  maxUnavailable: text('Copies fewer than wanted at once, or a share. 0 unless given.', { pattern: COUNT_OR_PERCENT }),
  canary: record('A few copies are replaced first and must stay well for a while.', {
    percent: integer('Share of the copies that is new, in percent; at least one. 10 unless given.', {
      minimum: 1,
      maximum: 50,
    }),
    seconds: integer('How long they must stay well. 60 unless given.', { minimum: 1 }),
  }),
  history: integer('Older revisions that can be gone back to, with their configuration. 3 unless given.', {
    minimum: 0,
    maximum: 100,
  }),
})

const ingress = record(
  'A name under which the outside reaches it, through the ingress controller of the cluster.',
  {
    host: text('Host name.', { minLength: 1 }),
    path: text('Paths that begin so. / unless given.', { pattern: '^/' }),
    tlsSecret: text('Secret of type kubernetes.io/tls with the certificate of the host.', { minLength: 1 }),
    className: text('Which ingress controller. The default one of the cluster unless given.', { minLength: 1 }),
  },
  ['host'],
)

const replicaResources: StructuralSchema = {
  ...resources('replica'),
  properties: {
    ...resources('replica').properties,
    auto: flag(
      'Whether the requests follow what the copies use: begin with these, or the usual ones, and are corrected in place.',
    ),
  },
}

const status = record('How the server stands. Written by the controller.', {
  phase: oneOf('Where the server stands. Idle: no copy runs, and the next request starts one.', [
    'Pending',
    'Available',
    'Idle',
    'Failed',
  ]),
  observedGeneration,
  conditions,
  replicas: integer('Copies that exist.', { minimum: 0 }),
  readyReplicas: integer('Copies that answer.', { minimum: 0 }),
  ready: text('Copies that answer, of those that are wanted.'),
  url: text('Where it answers.'),
  requestsPerSecond: text('Requests per second that all copies answer.'),
  cpu: text('Cores that all copies use.'),
  memory: text('Memory that all copies use.'),
})

export const serverSchema: StructuralSchema = record(
  'A program that serves requests: copies of it run behind one address and one name.',
  {
    spec: record(
      'What is wanted.',
      {
        run,
        replicas,
        config: textMap('Environment variables, kept in a ConfigMap. A change of them is a rollout.'),
        files: textMap('Files of configuration, absolute path to content, kept in a ConfigMap. A change is a rollout.'),
        secrets: list('Secrets that the copies are given.', secret),
        probes: serverProbes,
        metrics,
        rollout,
        graceSeconds: integer(
          'Seconds that a copy is given to finish what it began, once nobody is sent to it any more. 30 unless given.',
          { minimum: 0 },
        ),
        disruption: record('What maintenance may take away at once.', {
          maxUnavailable: text('Copies, or a share such as 25%. 1 unless given.', { pattern: COUNT_OR_PERCENT }),
        }),
        spread: record('What the copies are spread over.', {
          over: list('Over nodes, over zones, over both or over none. Both unless given.', {
            ...oneOf('What to spread over.', ['node', 'zone']),
          }),
          required: flag('Whether a copy waits rather than stand where there are too many already.'),
        }),
        tolerationSeconds: integer(
          'Seconds after which copies on a node that does not answer are replaced elsewhere. The default of the cluster unless given.',
          { minimum: 0 },
        ),
        ingress,
        code,
        image,
        resources: replicaResources,
      },
      ['run'],
    ),
    status,
  },
  ['spec'],
)
