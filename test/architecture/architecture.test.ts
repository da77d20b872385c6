/** The house of docs/architecture.md as data: who may import whom, no circle of files, no file without a purpose in its first lines. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOMS: Record<string, string> = {
  base: '',
  kube: 'base',
  client: 'base kube',
  spec: 'base kube',
  planner: 'base spec',
  compiler: 'base kube spec planner',
  apiserver: 'base kube client',
  controllers: 'base kube client spec planner compiler',
  scheduler: 'base kube client',
  node: 'base kube client',
  network: 'base kube client',
  cluster: 'base kube client apiserver controllers scheduler node network',
  runtimes: 'base kube client spec planner',
  simulate: 'base kube spec planner scheduler',
  dissolve: 'base kube spec',
  cli: 'base kube client spec planner compiler apiserver controllers scheduler node network cluster runtimes simulate dissolve',
  web: 'base kube client spec planner',
}

const src = resolve(import.meta.dirname, '../../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(f => /\.tsx?$/.test(f))
  .sort()
const sources = files.filter(f => !f.endsWith('.test.ts'))
const roomOf = (file: string): string => file.split('/')[0]!

/** Relative imports of a file (types too), as paths from `src`. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'(\.[^']+)'/g)].map(m =>
    relative(src, resolve(src, dirname(file), m[1]!)),
  )
}
const graph = new Map(files.map(file => [file, importsOf(file)]))

test('every folder of src is a room of the table, with a README', () => {
  const rooms = readdirSync(src)
  expect(rooms.filter(room => !(room in ROOMS))).toEqual([])
  for (const room of rooms) expect(readdirSync(join(src, room)), `src/${room}`).toContain('README.md')
})

test('a room imports only from the rooms that the table allows', () => {
  const wrong = sources.flatMap(file =>
    graph
      .get(file)!
      .filter(
        target =>
          target.startsWith('..') ||
          (roomOf(target) !== roomOf(file) && !ROOMS[roomOf(file)]!.split(' ').includes(roomOf(target))),
      )
      .map(target => `${file} imports ${target}`),
  )
  expect(wrong).toEqual([])
})

test('no circle of files', () => {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})

test('a source file says in its first lines what it is and stays within 300 lines', () => {
  const silent = sources.filter(f => !/^(#!.*\n)?\/\*\*|^(#!.*\n)?\/\//.test(readFileSync(join(src, f), 'utf8')))
  expect(silent, 'files without an opening comment').toEqual([])
  const long = sources.filter(
    f => !f.includes('/generated/') && readFileSync(join(src, f), 'utf8').split('\n').length > 301,
  )
  expect(long, 'files over 300 lines').toEqual([])
})

test('no room of leftovers', () => {
  expect(files.filter(f => /(^|[/-])(utils?|helpers?|common|manager)([-./]|$)/.test(f))).toEqual([])
})
