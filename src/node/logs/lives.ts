/**
 * The lives of containers that run right now, by folder: who follows a log asks, and is told of the end. They carry the notes of when their
 * logs grew; with the end these go to a file, for those who ask later.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addMark, type Mark } from './log-times.ts'

export interface Lives {
  begin(folder: string): void
  end(folder: string): void
  isRunning(folder: string): boolean
  /** Calls once when it ends; the returned function takes that back. */
  onEnd(folder: string, action: () => void): () => void
  running(): readonly string[]
  mark(folder: string, mark: Mark): void
  marks(folder: string): readonly Mark[]
}

interface Life {
  readonly actions: Set<() => void>
  marks: readonly Mark[]
}

const TIMES_FILE = 'times.json'

export function createLives(): Lives {
  const running = new Map<string, Life>()
  return {
    begin: folder => void running.set(folder, { actions: new Set(), marks: readMarks(folder) }),
    end(folder) {
      const life = running.get(folder)
      running.delete(folder)
      if (life && life.marks.length > 0) writeMarks(folder, life.marks)
      for (const action of life?.actions ?? []) action()
    },
    isRunning: folder => running.has(folder),
    onEnd(folder, action) {
      const life = running.get(folder)
      life?.actions.add(action)
      return () => life?.actions.delete(action)
    },
    running: () => [...running.keys()],
    mark(folder, mark) {
      const life = running.get(folder)
      if (life) life.marks = addMark(life.marks, mark)
    },
    marks: folder => running.get(folder)?.marks ?? readMarks(folder),
  }
}

function readMarks(folder: string): readonly Mark[] {
  try {
    return JSON.parse(readFileSync(join(folder, TIMES_FILE), 'utf8')) as Mark[]
  } catch {
    return []
  }
}

function writeMarks(folder: string, marks: readonly Mark[]): void {
  try {
    writeFileSync(join(folder, TIMES_FILE), JSON.stringify(marks), { mode: 0o600 })
  } catch {
    // The pod was deleted, and its folder with it.
  }
}
