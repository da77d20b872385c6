/**
 * Input files -> map tasks. Follows Hadoop's FileInputFormat (a last piece up to a tenth larger is not cut off) and CombineFileInputFormat
 * (small files share a task). Pure and deterministic: planner, coordinator and tests see the same splits.
 */
import type { BatchPlan, InputFile, Split } from './plan.ts'

type Piece = Split['pieces'][number]

/** A file that exceeds a whole number of splits by less than this share of one is cut into one piece less. */
const SLOP = 0.1

export const splitsOf = ({ input, strategy }: Pick<BatchPlan, 'input' | 'strategy'>): readonly Split[] =>
  cutFiles(input.files, strategy.splitBytes, input.format !== 'parquet')

/** Parquet's lines are its row groups, which only its footer tells: without that a file is one piece. */
export function cutFiles(files: readonly InputFile[], splitBytes: number, byBytes: boolean): readonly Split[] {
  const pieces = files.flatMap(file => cutFile(file, splitBytes, byBytes))
  return pack(pieces, splitBytes)
    .map(bundle => ({ pieces: bundle, bytes: sum(bundle.map(pieceBytes)) }))
    .sort((a, b) => b.bytes - a.bytes) // Longest first: the last tasks to start are the short ones (Graham, 1969).
    .map((split, id) => ({ id, ...split }))
}

/** Pieces of equal size, so that no task is a remnant. An empty file has none. */
function cutFile({ uri, bytes, splittable }: InputFile, splitBytes: number, byBytes: boolean): readonly Piece[] {
  if (bytes === 0) return []
  const count = splittable && byBytes ? Math.max(1, Math.ceil(bytes / splitBytes - SLOP)) : 1
  const cut = (i: number): number => Math.round((bytes / count) * i)
  return Array.from({ length: count }, (_, i) => ({ uri, start: cut(i), end: cut(i + 1) }))
}

/** Neighbours share a task until it is full; a piece that would fill more than half of one has one alone. */
function pack(pieces: readonly Piece[], splitBytes: number): readonly (readonly Piece[])[] {
  const alone = pieces.filter(piece => pieceBytes(piece) > splitBytes / 2)
  const shared: Piece[][] = []
  let room = 0
  for (const piece of pieces) {
    const bytes = pieceBytes(piece)
    if (bytes > splitBytes / 2) continue
    if (bytes > room) {
      shared.push([])
      room = splitBytes
    }
    shared.at(-1)!.push(piece)
    room -= bytes
  }
  return [...alone.map(piece => [piece]), ...shared]
}

const pieceBytes = ({ start, end }: Piece): number => end - start

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
