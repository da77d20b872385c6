/** Server: a replicated program behind one address. The stored form. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { command, conditions, image, observedGeneration, resources, workingDir } from './parts.ts'
import { integer, oneOf, record, textMap } from './words.ts'

const replicas = record('How many copies run. A plain number fixes it.', {
  min: integer('Copies at least. 1 unless given.', { minimum: 1 }),
  max: integer('Copies at most. The same as min unless given.', { minimum: 1 }),
  targetCpu: integer('Share of the requested CPU, in percent, that scaling aims at.', { minimum: 1, maximum: 100 }),
})

const status = record('How the server stands. Written by the controller.', {
  phase: oneOf('Where the server stands.', ['Pending', 'Available', 'Failed']),
  observedGeneration,
  conditions,
  replicas: integer('Copies that exist.', { minimum: 0 }),
  readyReplicas: integer('Copies that answer.', { minimum: 0 }),
})

export const serverSchema: StructuralSchema = record(
  'A program that serves requests: copies of it run behind one address and one name.',
  {
    spec: record(
      'What is wanted.',
      {
        run: record(
          'The program.',
          {
            command: command('The program and its arguments.'),
            port: integer('Port on which the program listens, given to it as PORT. Its Service has the same.', {
              minimum: 1,
              maximum: 65535,
            }),
            workingDir,
          },
          ['command', 'port'],
        ),
        replicas,
        config: textMap('Environment variables, kept in a ConfigMap. A change of them is a rollout.'),
        image,
        resources: resources('replica'),
      },
      ['run'],
    ),
    status,
  },
  ['spec'],
)
