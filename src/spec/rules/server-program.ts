/** What runs in a Server's copies, and the files that it finds. */
import type { Problem } from '../../base/problem.ts'
import { formatFieldPath } from '../../kube/schema-path.ts'
import type { Server } from '../kinds.ts'
import { absolutePath } from '../resolve/file-uri.ts'
import { exactlyOne } from './exactly-one.ts'
import type { Rule } from './rule.ts'

export const oneProgram: Rule<Server> = {
  reads: ['spec.run'],
  check: ({ spec: { run } }) => {
    const problems = exactlyOne('spec.run', run, ['command', 'module'], 'command: [node, server.js]')
    if (problems.length > 0 || run.module === undefined || (run.protocol ?? 'http') === 'http') return problems
    const why = 'a module answers HTTP requests'
    return [{ field: 'spec.run.protocol', what: `is "${run.protocol}"`, why, fix: 'Remove it, or write a command.' }]
  },
}

/** Without a slash at its end, `.` and `..`. */
const plain = (path: string): string => absolutePath(path, '/').replace(/(.)\/$/, '$1')

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

const isWithin = (outer: string, inner: string): boolean =>
  outer === inner || inner.startsWith(outer === '/' ? '/' : `${outer}/`)

export const filesAreAbsolute: Rule<Server> = {
  reads: ['spec.files'],
  check: ({ spec }) =>
    Object.keys(spec.files ?? {})
      .filter(path => path === '/' || plain(path) !== path)
      .map((path): Problem => {
        const fix = `Write ${path === '/' ? '/etc/NAME' : plain(path)}`
        return { field: formatFieldPath(['spec', 'files', path]), what: 'is no whole path of a file', fix }
      }),
}

/** A folder holds either files of the declaration or keys of one Secret: none is made inside a mounted one. */
export const oneFileAPlace: Rule<Server> = {
  reads: ['spec.files', 'spec.secrets'],
  check: ({ spec: { files = {}, secrets = [] } }) => {
    const taken: (readonly [folder: string, why: string])[] = Object.keys(files).map(path => [
      folderOf(path),
      `spec.files has ${path}`,
    ])
    return secrets.flatMap(({ path, name, variables }, i): readonly Problem[] => {
      const field = `spec.secrets[${i}]`
      if (path !== undefined && variables !== undefined) {
        const why = 'a Secret is given as files or as variables'
        return [{ field, what: 'has path and variables', why, fix: 'Name the Secret twice, once with each.' }]
      }
      if (path === undefined) return []
      const folder = plain(path)
      const other = taken.find(([place]) => isWithin(place, folder) || isWithin(folder, place))
      taken.push([folder, `Secret ${name} lies in ${folder}`])
      if (!other) return []
      return [{ field: `${field}.path`, what: `is ${path}`, why: other[1], fix: 'Give it a folder of its own.' }]
    })
  },
}

export const canaryFitsRollout: Rule<Server> = {
  reads: ['spec.rollout'],
  check: ({ spec: { rollout = {} } }) => {
    if (rollout.canary && rollout.strategy === 'recreate') {
      const why = 'the strategy takes all copies away first'
      return [{ field: 'spec.rollout.canary', what: 'tries a change on a few copies', why, fix: 'Remove one of them.' }]
    }
    const isNone = (count: string | undefined): boolean => count !== undefined && Number.parseInt(count, 10) === 0
    if (isNone(rollout.maxSurge) && (rollout.maxUnavailable === undefined || isNone(rollout.maxUnavailable))) {
      const why = 'no copy may be missing either, so none could ever be replaced'
      return [{ field: 'spec.rollout.maxSurge', what: 'is 0', why, fix: 'Write maxUnavailable: 1 beside it.' }]
    }
    return []
  },
}
