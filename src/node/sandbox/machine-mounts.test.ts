/** When a sandbox that waits must be made anew. */
import { expect, test } from 'vitest'
import { machineMounts } from './machine-mounts.ts'

const root = (options: string): string => `22 1 254:0 / / rw,relatime ${options}- ext4 /dev/vda rw\n`
const disk = '90 22 0:42 / /home/me/disk rw,relatime - tmpfs tmpfs rw,size=1024k\n'

test('a mount that appeared on a machine with private mounts is told', () => {
  expect(machineMounts(() => root('') + disk)).not.toBe(machineMounts(() => root('')))
})

test('where mounts are shared nothing needs to be told: sandboxes receive them', () => {
  expect(machineMounts(() => root('shared:1 ') + disk)).toBe(machineMounts(() => root('shared:1 ')))
})

test('a machine without mountinfo has nothing to tell', () => {
  const missing = () => {
    throw new Error('ENOENT')
  }
  expect(machineMounts(missing)).toBe('')
})
