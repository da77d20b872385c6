import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { parseSpec } from '../parse/parse-spec.ts'

function problemsOf(spec: string): readonly string[] {
  const text = `apiVersion: solvent.dev/v1alpha1\nkind: Server\nmetadata: { name: api }\nspec: ${spec}\n`
  const parsed = parseSpec(text, { file: 'f' })
  return parsed.ok ? [] : parsed.problems.map(problem => formatProblem(problem).replace(/^f:\d+:\d+ /, ''))
}

const RUN = 'run: { command: [x], port: 80 }'

test.each([
  [
    '{ run: { port: 80 } }',
    'spec.run has none of command or module, but exactly one is needed. Write command: [node, server.js]',
  ],
  [
    '{ run: { module: a.ts, port: 80, protocol: udp } }',
    'spec.run.protocol is "udp", but a module answers HTTP requests. Remove it, or write a command.',
  ],
  [
    `{ ${RUN}, replicas: { min: 2, max: 2, targetCpu: 60% } }`,
    'spec.replicas.targetCpu aims at a load, but there are always 2 copies. Write max: 3 or more.',
  ],
  [
    `{ ${RUN}, replicas: { min: 1, max: 3 }, resources: auto }`,
    'spec.resources.auto lets requests follow the use of CPU, but the number of copies follows it too, in shares of the requests. Write targetRequestsPerSecond instead of targetCpu, or fix the number of copies.',
  ],
  [
    '{ run: { command: [x], port: 53, protocol: udp }, replicas: { min: 0, max: 2 } }',
    'spec.replicas.min is 0, but a datagram does not wait for a copy to start. Write min: 1.',
  ],
  [
    `{ ${RUN}, replicas: { min: 1, max: 2, idleSeconds: 5 } }`,
    'spec.replicas.idleSeconds is 5, but there is always a copy. Write min: 0 beside it.',
  ],
  [
    `{ ${RUN}, probes: { readiness: { path: /a, tcp: true } } }`,
    'spec.probes.readiness asks path and tcp, but a probe asks one thing. Leave one of them.',
  ],
  [
    `{ ${RUN}, rollout: { strategy: recreate, canary: {} } }`,
    'spec.rollout.canary tries a change on a few copies, but the strategy takes all copies away first. Remove one of them.',
  ],
  [
    `{ ${RUN}, files: { /etc/app/a: "" }, secrets: [{ name: s, path: /etc/app/keys }] }`,
    'spec.secrets[0].path is /etc/app/keys, but spec.files has /etc/app/a. Give it a folder of its own.',
  ],
])('%s', (spec, expected) => {
  expect(problemsOf(spec)).toEqual([expected])
})
