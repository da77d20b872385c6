/** Our API server beside a real kube-apiserver, whose answers to the same requests are recorded (test/cluster, which asks it anew). */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compareAnswers } from '../cluster/compare-answers.ts'
import { differencesPage } from '../cluster/differences-page.ts'
import { ourAnswers } from '../cluster/our-answers.ts'
import { recordedAnswers } from '../cluster/recorded.ts'

test('every recorded request is answered as kube-apiserver answers it, but for the listed differences', async () => {
  const recorded = recordedAnswers()
  expect(recorded.length).toBeGreaterThan(500)
  const compared = compareAnswers(recorded, await ourAnswers())
  expect(compared.unexplained).toEqual([])
  expect(compared.unused).toEqual([])
  expect(readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8')).toBe(
    differencesPage(compared, recorded.length),
  )
}, 60_000)
