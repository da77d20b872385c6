import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseCronSchedule } from './cron-schedule.ts'

interface Recorded {
  readonly schedule: string
  readonly zone: string
  readonly from: number
  readonly next?: readonly number[]
  readonly error?: string
}

const records: readonly Recorded[] = JSON.parse(
  readFileSync(`${import.meta.dirname}/testdata/cron-schedule.json`, 'utf8'),
)

test('times are those of robfig/cron, around changes of the clock too', () => {
  for (const { schedule, zone, from, next, error } of records) {
    if (error) continue
    const parsed = parseCronSchedule(schedule, zone)
    if (parsed.kind === 'invalid') throw new Error(`${schedule}: ${parsed.message}`)
    const times: number[] = []
    for (let at: number | undefined = from; at !== undefined && times.length < (next ?? []).length; ) {
      at = parsed.schedule.next(at)
      if (at !== undefined) times.push(at)
    }
    expect(times.map(iso), `${schedule} in ${zone} from ${iso(from)}`).toEqual((next ?? []).map(iso))
    if (!next) expect(parsed.schedule.next(from)).toBeUndefined()
  }
})

const iso = (at: number): string => new Date(at).toISOString()

test.each(records.filter(({ error }) => error))('"$schedule" is refused in its words', ({ schedule, error }) => {
  expect(parseCronSchedule(schedule)).toEqual({ kind: 'invalid', message: error })
})

test('a zone in the text goes first; an unknown one is refused', () => {
  const at = Date.parse('2026-06-01T00:00:00Z')
  const parsed = parseCronSchedule('CRON_TZ=Asia/Tokyo 0 6 * * *', 'Europe/Berlin')
  expect(parsed.kind === 'schedule' && parsed.schedule.next(at)).toBe(Date.parse('2026-06-01T21:00:00Z'))
  expect(parseCronSchedule('0 6 * * *', 'Mars/Olympus').kind).toBe('invalid')
})
