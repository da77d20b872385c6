/** TrainingJob: a gang of ranks that start, fail and restart together, and what the planner must know to choose how. The stored form. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { fleetFields } from './fleet.ts'
import {
  code,
  command,
  completionTime,
  conditions,
  image,
  observedGeneration,
  resources,
  startTime,
  ttl,
  workingDir,
} from './parts.ts'
import { trainingModel } from './training-model.ts'
import { resultFields, strategyFields, trainingData } from './training-strategy.ts'
import { integer, list, oneOf, record, text, textMap } from './words.ts'

const degree = (description: string): StructuralSchema => integer(description, { minimum: 1 })

const parallelism = record(
  'Degrees of parallelism. There are data x context x tensor x pipeline ranks; a degree that is absent is planned where there is a model, and otherwise 1. None at all means auto.',
  {
    data: degree('Copies of the model that each see other samples.'),
    context: degree('Ranks that share one sequence.'),
    tensor: degree('Ranks that share each matrix.'),
    pipeline: degree('Stages into which the layers are cut.'),
    expert: degree(
      'Ranks over which the experts of a layer are spread. Carved out of data x context x tensor, it multiplies nothing.',
    ),
    expertTensor: degree('Ranks that share each matrix of an expert. The same as tensor unless given.'),
  },
)

const framework = record('What each rank runs. Exactly one.', {
  command: command(
    "A program and its arguments, started once a rank with torchrun's environment (RANK, WORLD_SIZE, …).",
  ),
  node: record(
    'A TypeScript or JavaScript program, bundled and started once a rank.',
    {
      script: text('File of the program, relative to the YAML file.', { minLength: 1 }),
      args: list('Its arguments.', text('One argument.')),
    },
    ['script'],
  ),
})

const fleet = record(
  "The devices to plan for: a preset, a Fleet object by name, or pools. The cluster's nodes unless given.",
  { name: text('Name of a Fleet object in the same namespace.', { minLength: 1 }), ...fleetFields },
)

const status = record('How the job stands. Written by the controller.', {
  phase: oneOf('Where the job stands.', ['Pending', 'Running', 'Restarting', 'Succeeded', 'Failed']),
  observedGeneration,
  conditions,
  plan: text('The plan in one line.'),
  planConfigMap: text('Name of the ConfigMap that holds the plan.'),
  attempt: integer('Number of the attempt, from 0. The Job of attempt n is named after it.', { minimum: 0 }),
  ranks: integer('Ranks of the gang.', { minimum: 1 }),
  startTime,
  completionTime,
})

export const trainingJobSchema: StructuralSchema = record(
  'A gang of ranks that train one model: all start together or none, and one that fails restarts them all.',
  {
    spec: record(
      'What is wanted. What can be planned may be left out.',
      {
        parallelism,
        framework,
        model: trainingModel,
        data: trainingData,
        fleet,
        ...resultFields,
        ...strategyFields,
        ranksPerPod: integer('Ranks that one pod carries: the devices of a node. 1 unless given.', { minimum: 1 }),
        maxRestarts: integer('How often a failed gang is started anew. 3 unless given.', { minimum: 0 }),
        env: textMap('Environment variables of every rank.'),
        workingDir,
        code,
        image,
        resources: resources('rank'),
        ttlSecondsAfterFinished: ttl,
      },
      ['parallelism', 'framework'],
    ),
    status,
  },
  ['spec'],
)
