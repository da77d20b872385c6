/** Our API server beside a real kube-apiserver, whose answers to the same requests are recorded (test/cluster, which asks it anew). */
import { expect, test } from 'vitest'
import { compareAnswers } from '../cluster/compare-answers.ts'
import { ourAnswers } from '../cluster/our-answers.ts'
import { recordedAnswers } from '../cluster/recorded.ts'

test('every recorded request is answered as kube-apiserver answers it, but for the listed differences', async () => {
  const recorded = recordedAnswers()
  expect(recorded.length).toBeGreaterThan(500)
  const { unexplained, unused } = compareAnswers(recorded, await ourAnswers())
  expect(unexplained).toEqual([])
  expect(unused).toEqual([])
}, 60_000)
