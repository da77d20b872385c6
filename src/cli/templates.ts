/** What `solvent init` writes: small, readable and running as they are. `examples/` has the same in longer form. */

interface Template {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
}

const TEXT = `A computation that runs on many machines used to carry the machines inside itself: it looked for its peers, watched
over them, retried what failed, asked for memory, read its configuration from a server.

Today the platform does all of this for every program alike. What is left to the program is the one thing that only it
can know: how its work is cut into parallel parts, and how the parts are put together again.

Here the work is a text. It is cut into pieces, each piece is counted by itself, and the counts are put together by adding
them up. That is all that has to be said.
`

const batch: Template = {
  what: 'A word count: the text in text/ is split into words, and each word is counted.',
  files: {
    'job.yaml': `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: wordcount }
spec:
  input:  { text: "text/*.txt" }
  map:    { module: ./wordcount.ts, export: words }   # a line in, pairs of key and value out
  reduce: sum                                         # adds up the values of each key
  output: { jsonl: out/ }
`,
    'wordcount.ts': `/** Each word of the line, counted once. */
export function* words(line: string): Iterable<[string, number]> {
  for (const word of line.toLowerCase().match(/\\p{L}+/gu) ?? []) yield [word, 1]
}
`,
    'text/about.txt': TEXT,
  },
}

const sql: Template = {
  what: 'A count in SQL: the rows of sales.jsonl are grouped, and the amounts of each city added up.',
  files: {
    'job.yaml': `apiVersion: solvent.dev/v1alpha1
kind: BatchJob
metadata: { name: sales }
spec:
  input:  { jsonl: sales.jsonl }
  map:    { sql: "select city as key, amount as value from input where amount > 0" }
  reduce: sum
  output: { csv: out/ }
`,
    'sales.jsonl': `{"city":"Lisbon","amount":12}
{"city":"Oslo","amount":7}
{"city":"Lisbon","amount":30}
{"city":"Quito","amount":0}
{"city":"Oslo","amount":5}
`,
  },
}

const training: Template = {
  what: 'Four ranks that start together; each says who it is.',
  files: {
    'job.yaml': `apiVersion: solvent.dev/v1alpha1
kind: TrainingJob
metadata: { name: hello }
spec:
  parallelism: { data: 2, tensor: 2 }        # four ranks
  framework: { node: { script: rank.ts } }   # or { command: [python3, train.py] }
  resources: { cpu: 100m, memory: 64Mi }     # of each rank
`,
    'rank.ts': `/** The environment is torchrun's: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT, ... */
const { RANK, WORLD_SIZE, MASTER_ADDR } = process.env
console.log(\`rank \${RANK} of \${WORLD_SIZE}; rank 0 is at \${MASTER_ADDR}\`)
`,
  },
}

const server: Template = {
  what: 'Two copies of a small web server behind one address.',
  files: {
    'job.yaml': `apiVersion: solvent.dev/v1alpha1
kind: Server
metadata: { name: hello }
spec:
  run: { command: [node, server.js], port: 8080 }
  replicas: 2
  config: { GREETING: hello }
  resources: { cpu: 100m, memory: 64Mi }
`,
    'server.js': `import { createServer } from 'node:http'
import { hostname } from 'node:os'

const server = createServer((request, response) => {
  response.end(\`\${process.env.GREETING} from \${hostname()}\\n\`)
})
server.listen(8080)
// Kubernetes asks a container to end before it kills it.
process.on('SIGTERM', () => process.exit(0))
`,
    'package.json': '{ "type": "module" }\n',
  },
}

export const TEMPLATES = { batch, sql, training, server } as const
