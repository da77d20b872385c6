/** The page that a person reads, whole. */
import { expect, test } from 'vitest'
import { styleOf } from '../terminal.ts'
import { bar, stacked } from './bar.ts'
import { comparePage } from './compare-page.ts'
import { count, dollars, gibibytes, percent, seconds } from './figures.ts'
import { measuredSection } from './measured-section.ts'
import { planPage } from './plan-page.ts'
import { mixtralAnalysis as analysis, candidate, GIB, layout } from './testdata/mixtral-analysis.ts'

test('the page', async () => {
  const page = planPage(analysis, styleOf(false))
  await expect(`${page.join('\n')}\n`).toMatchFileSnapshot('testdata/mixtral.txt')
  expect(page.every(line => line.length <= 120)).toBe(true)
  expect(page.length).toBeLessThanOrEqual(60)
})

test('figures have three digits and a unit', () => {
  expect([4.313, 0.4123, 86e-6, 300, 4000, 40_000, 1.03e6, 1e9].map(seconds)).toEqual([
    '4.31 s',
    '412 ms',
    '86.0 us',
    '300 s',
    '66.7 minutes',
    '11.1 hours',
    '11.9 days',
    '31.7 years',
  ])
  expect([9_999, 46_702_792_704, 973_000, 999_600].map(count)).toEqual(['9,999', '46.7 B', '973 k', '1.00 M'])
  expect([
    percent(0.412),
    percent(0.0001),
    percent(0),
    gibibytes(61.234 * GIB),
    dollars(0.055),
    dollars(55_200),
  ]).toEqual(['41.2 %', '<0.1 %', '0.0 %', '61.2 GiB', '$0.055', '$55.2 k'])
})

test('a bar is as long as its share, to an eighth of a cell, and never longer than it may be', () => {
  expect([bar(0.5, 4), bar(1.5, 4), bar(0.001, 4), bar(0, 4), bar(0.2, 4)]).toEqual([
    '██  ',
    '████',
    '▏   ',
    '    ',
    '▊   ',
  ])
  expect(
    stacked(
      [
        { share: 0.3, mark: 'P' },
        { share: 0.4, mark: 'A' },
      ],
      10,
    ),
  ).toBe('PPPAAAA···')
  expect(
    stacked(
      [
        { share: 0.9, mark: 'P' },
        { share: 0.4, mark: 'A' },
      ],
      10,
    ),
  ).toBe('PPPPPPPPPA')
})

test('two plans side by side', async () => {
  const faster = {
    ...analysis,
    plan: { ...analysis.plan, degrees: { ...layout, tensor: 2, data: 16 } },
    best: {
      ...analysis.best,
      ...candidate({
        stepSeconds: 3.2,
        tokensPerSecond: 1_310_000,
        layout: { ...layout, tensor: 2, data: 16, shardRanks: 16 },
      }),
    },
    breakdown: analysis.breakdown.map(row => (row.effect === 'experts' ? { ...row, seconds: 0.79 } : row)),
  }
  const page = comparePage({ name: 'the plan', analysis }, { name: 'precision=fp8', analysis: faster }, styleOf(false))
  await expect(`${page.join('\n')}\n`).toMatchFileSnapshot('testdata/compared.txt')
})

test('a measured step that is slower than predicted, and what could explain it', () => {
  const measured = [{ measuredSeconds: 4.9, predictedSeconds: 4.31 }]
  const { title, lines } = measuredSection({ factor: 1.13, steps: 1, spread: 0.05, measured }, analysis.breakdown)
  expect([title, ...lines]).toEqual([
    'Measured: your steps are 13.0 % slower than predicted (forget: --measured none)',
    'measured 4.90 s  predicted 4.31 s  x 1.137',
    'If it were one effect alone:',
    '  experts               1.90 s would be 2.46 s  x 1.29',
    '  matrix products       800 ms would be 1.36 s  x 1.70',
    '  attention             500 ms would be 1.06 s  x 2.12',
    '  expert communication  400 ms would be 960 ms  x 2.40',
  ])
})
