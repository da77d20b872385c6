/**
 * `node scripts/run-ts.js test/cluster/record.ts`: sends all requests to a real kube-apiserver and writes its answers down for
 * test/fast/oracle.test.ts.
 */
import { writeFileSync } from 'node:fs'
import { realAnswers } from './real-answers.ts'
import { RECORDED, recordedText } from './recorded.ts'

const answers = await realAnswers()
writeFileSync(RECORDED, recordedText(answers))
console.log(`${answers.length} answers recorded`)
