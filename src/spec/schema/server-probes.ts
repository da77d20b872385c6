/** What is asked of a Server's copies: Kubernetes' probes, in a line each. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { command } from './parts.ts'
import { flag, integer, record, text } from './words.ts'

const probe = (description: string): StructuralSchema =>
  record(description, {
    path: text('An HTTP GET of this path must be answered with 2xx or 3xx.', { pattern: '^/' }),
    command: command('A command that must exit with 0.'),
    grpc: text('The gRPC health service must say SERVING of this service; empty for the server as a whole.'),
    tcp: flag('Whether a TCP connection must open.'),
    none: flag('Whether nothing is asked.'),
    port: integer('Port that is asked. That of run unless given.', { minimum: 1, maximum: 65535 }),
    initialDelaySeconds: integer('Seconds before the first question.', { minimum: 0 }),
    periodSeconds: integer('Seconds between questions.', { minimum: 1 }),
    timeoutSeconds: integer('Seconds to wait for an answer.', { minimum: 1 }),
    successThreshold: integer('Answers in a row that make it well again. 1 for startup and liveness.', { minimum: 1 }),
    failureThreshold: integer('Failures in a row that count.', { minimum: 1 }),
  })

export const serverProbes = record('What is asked of each copy.', {
  startup: probe('Whether it has started; nothing else is asked before. Nothing unless given.'),
  readiness: probe('Whether requests are sent to it. A TCP connection to its port unless given; nothing for udp.'),
  liveness: probe('Whether it is left running: a copy that fails is started anew. Nothing unless given.'),
})
