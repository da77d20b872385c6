/** BatchJob: records in, map to keys, reduce by key, files out. The stored form; `shorthand/` has what may be written instead. */
import type { StructuralSchema } from '../../kube/schema.ts'
import { code, completionTime, conditions, image, observedGeneration, resources, startTime, ttl } from './parts.ts'
import { flag, integer, list, oneOf, record, text } from './words.ts'

const files = (format: string, records: string): StructuralSchema =>
  list(
    `${format} files, each a path or a pattern with *, ? and **; a folder stands for the files below it. ${records}`,
    text('Path relative to the YAML file, stored as an absolute file:// URI.', { minLength: 1 }),
    { minItems: 1 },
  )

const input = record('What is read. Exactly one format.', {
  text: files('Text', 'A record is one line. Files that end in .gz are unpacked.'),
  jsonl: files('JSON lines', 'A record is one object, one a line. Files that end in .gz are unpacked.'),
  parquet: files('Parquet', 'A record is one row, as an object.'),
})

const module = (of: string): StructuralSchema =>
  text(`TypeScript or JavaScript file that exports the ${of} function, relative to the YAML file.`, { minLength: 1 })
const exported = (signature: string): StructuralSchema =>
  text(`Name of the exported function: ${signature}.`, { minLength: 1 })

const map = record('How a record becomes keys and values. One of module with export, split, sql.', {
  module: module('map'),
  export: exported('(record) => Iterable<[key, value]>'),
  split: text(
    'Regular expression at which a line is cut. Each piece that is not empty is a key with value 1. Runs in DuckDB, so without look-around and back-references.',
    { minLength: 1 },
  ),
  sql: text(
    'A select over the table input that names a column key and, unless the reduce is count, a column value. Lines of text are its column line. It sees one split at a time. Runs in DuckDB.',
    { minLength: 1 },
  ),
})

const reduce = record('How the values of a key become one. Either by, or module with export.', {
  by: oneOf(
    'An algebra whose parts may be combined early. topK keeps the k pairs with the largest values; it sums nothing.',
    ['sum', 'count', 'min', 'max', 'avg', 'topK'],
  ),
  k: integer('How many pairs topK keeps.', { minimum: 1 }),
  module: module('reduce'),
  export: exported('(key, values) => value'),
})

const folder = (format: string): StructuralSchema =>
  text(
    `Folder for ${format} files, one a partition, and an empty file _SUCCESS at the end. Relative to the YAML file. It must be empty or absent.`,
    { minLength: 1 },
  )

const output = record('Where the answer goes. Exactly one format; columns key and value.', {
  parquet: folder('Parquet'),
  jsonl: folder('JSON lines'),
  csv: folder('CSV'),
})

const workers = record(
  'How many worker pods there are at least and at most; in between they follow the queue of tasks.',
  {
    min: integer('Workers kept even when few tasks wait. 1 unless given.', { minimum: 1 }),
    max: integer('Workers at most. As many as there are slots and tasks unless given.', { minimum: 1 }),
  },
)

const strategy = record('What is fixed by hand of the parallel strategy. What is absent is planned.', {
  splitBytes: integer('Bytes of input for one map task.', { minimum: 1024 }),
  partitions: integer('Reduce tasks, and so files of output.', { minimum: 1, maximum: 4096 }),
  combine: flag('Whether map tasks reduce their own output first, so that less is moved.'),
  aggregate: oneOf('How keys are brought together: a hash table in memory that spills, or sorting.', ['hash', 'sort']),
})

const count = (description: string): StructuralSchema => integer(description, { minimum: 0 })

const stage = record(
  'Progress of one stage.',
  {
    name: oneOf('The stage.', ['map', 'reduce']),
    tasks: count('Tasks of the stage.'),
    running: count('Tasks that run now.'),
    done: count('Tasks whose result is committed.'),
    retried: count('Attempts that failed and were tried again.'),
    bytes: count('Bytes that the stage reads in all.'),
    bytesDone: count('Bytes that its finished tasks have read.'),
    startTime,
    completionTime,
  },
  ['name', 'tasks'],
)

const status = record('How the job stands. Written by the controller and the coordinator.', {
  phase: oneOf('Where the job stands.', ['Pending', 'Running', 'Succeeded', 'Failed']),
  observedGeneration,
  conditions,
  plan: text('The plan in one line.'),
  stages: list('Progress, stage by stage.', stage),
  pendingTasks: count('Tasks that could run now but have no worker.'),
  failure: record('Why the job failed through the doing of the user.', {
    message: text('The error.'),
    place: text('File and line of the user that it comes from.'),
    record: text('The record on which it failed.'),
  }),
  output: record('The answer.', {
    uri: text('Folder that holds it.'),
    files: count('Files in it.'),
    rows: count('Rows in them.'),
    bytes: count('Bytes in them.'),
  }),
  startTime,
  completionTime,
})

export const batchJobSchema: StructuralSchema = record(
  'A data computation: records are mapped to keys and values, values are reduced by key, the result is written as files.',
  {
    spec: record(
      'What is wanted. What can be planned may be left out.',
      {
        input,
        map,
        reduce,
        output,
        workers,
        strategy,
        code,
        image,
        resources: resources('worker'),
        ttlSecondsAfterFinished: ttl,
      },
      ['input', 'map', 'reduce', 'output'],
    ),
    status,
  },
  ['spec'],
)
