/** The answers of a real kube-apiserver, one a line, as record.ts wrote them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from './send.ts'

export const RECORDED = join(import.meta.dirname, 'testdata/answers.jsonl')

export const recordedText = (answers: readonly Answer[]): string =>
  `${answers.map(answer => JSON.stringify(answer)).join('\n')}\n`

export const recordedAnswers = (): readonly Answer[] =>
  readFileSync(RECORDED, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Answer)
