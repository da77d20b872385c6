/**
 * A disk in memory that writes down every operation, and what of it could survive a crash: what was synced does; of the rest anything may,
 * in any order: bytes dropped, torn at any position, blocks of zeros or of older rubbish in between, names there or not.
 */
import type { Disk, DiskFile } from '../../src/apiserver/store/disk.ts'

export type Operation =
  | { readonly kind: 'create'; readonly name: string; readonly inode: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: number }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'append'; readonly inode: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly inode: number; readonly length: number }
  /** Written down when it returns: only then does it promise anything. */
  | { readonly kind: 'sync'; readonly inode: number }
  | { readonly kind: 'syncFolder' }
  /** What the one who uses the disk wants to remember at this point. */
  | { readonly kind: 'note'; readonly note: unknown }

/** What lies in the folder: name to content. */
export type Image = ReadonlyMap<string, Uint8Array>

export interface DiskFaults {
  /** Called before an operation; what it returns is thrown. An append writes `partOf` its bytes first. */
  refuse?(
    kind: Operation['kind'],
    random: () => number,
  ): { readonly error: Error; readonly partOf?: number } | undefined
  /** A disk that lies: the operation returns and promises, and does nothing. */
  readonly lies?: 'sync' | 'syncFolder'
}

export class SimulatedDisk implements Disk {
  readonly log: Operation[] = []
  private readonly random: () => number
  private readonly faults: DiskFaults
  private readonly names = new Map<string, number>()
  private readonly contents: Buffer[] = []

  constructor(image: Image, random: () => number, faults: DiskFaults = {}) {
    this.random = random
    this.faults = faults
    for (const [name, bytes] of image) this.names.set(name, this.contents.push(Buffer.from(bytes)) - 1)
  }

  /** The same disk under a new process: what the last one had given to the kernel is there, safe or not. */
  static afterKill(operations: readonly Operation[], random: () => number, faults: DiskFaults = {}): SimulatedDisk {
    const disk = new SimulatedDisk(new Map(), random, faults)
    for (const operation of operations) disk.redo(operation)
    return disk
  }

  note(note: unknown): void {
    this.log.push({ kind: 'note', note })
  }

  async list(): Promise<readonly string[]> {
    await this.time()
    return [...this.names.keys()]
  }

  async read(name: string): Promise<Uint8Array> {
    await this.time()
    return this.contents[this.inodeOf(name)]!
  }

  async create(name: string): Promise<DiskFile> {
    await this.before('create')
    if (this.names.has(name)) throw Object.assign(new Error(`${name} exists`), { code: 'EEXIST' })
    const inode = this.contents.push(Buffer.alloc(0)) - 1
    this.names.set(name, inode)
    this.log.push({ kind: 'create', name, inode })
    return this.file(inode)
  }

  async open(name: string): Promise<DiskFile> {
    await this.time()
    return this.file(this.inodeOf(name))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.before('rename')
    const inode = this.inodeOf(from)
    this.names.delete(from)
    this.names.set(to, inode)
    this.log.push({ kind: 'rename', from, to, inode })
  }

  async remove(name: string): Promise<void> {
    await this.before('remove')
    this.inodeOf(name)
    this.names.delete(name)
    this.log.push({ kind: 'remove', name })
  }

  async syncFolder(): Promise<void> {
    await this.before('syncFolder')
    if (this.faults.lies !== 'syncFolder') this.log.push({ kind: 'syncFolder' })
  }

  private redo(operation: Operation): void {
    this.log.push(operation)
    switch (operation.kind) {
      case 'create':
        this.contents[operation.inode] = Buffer.alloc(0)
        break
      case 'append':
        this.contents[operation.inode] = Buffer.concat([this.contents[operation.inode]!, operation.bytes])
        break
      case 'truncate':
        this.contents[operation.inode] = this.contents[operation.inode]!.subarray(0, operation.length)
        break
    }
    if (operation.kind === 'create' || operation.kind === 'rename' || operation.kind === 'remove') {
      rename(this.names, operation)
    }
  }

  private file(inode: number): DiskFile {
    const append = (bytes: Uint8Array): void => {
      this.contents[inode] = Buffer.concat([this.contents[inode]!, bytes])
      this.log.push({ kind: 'append', inode, bytes })
    }
    return {
      append: async bytes => {
        await this.time()
        const refusal = this.faults.refuse?.('append', this.random)
        if (refusal?.partOf) append(bytes.subarray(0, Math.floor(bytes.length * refusal.partOf)))
        if (refusal) throw refusal.error
        append(bytes)
      },
      truncate: async length => {
        await this.before('truncate')
        this.contents[inode] = this.contents[inode]!.subarray(0, length)
        this.log.push({ kind: 'truncate', inode, length })
      },
      sync: async () => {
        // What is appended while a sync runs is not covered by it: the store must not do that.
        const length = this.contents[inode]!.length
        await this.before('sync')
        if (this.contents[inode]!.length !== length) throw new Error('appended to a file while it was being synced')
        if (this.faults.lies !== 'sync') this.log.push({ kind: 'sync', inode })
      },
      close: () => this.time(),
    }
  }

  private inodeOf(name: string): number {
    const inode = this.names.get(name)
    if (inode === undefined) throw Object.assign(new Error(`${name} is not there`), { code: 'ENOENT' })
    return inode
  }

  private async before(kind: Operation['kind']): Promise<void> {
    await this.time()
    const refusal = this.faults.refuse?.(kind, this.random)
    if (refusal) throw refusal.error
  }

  /** Lets others run, for a while that is the same in every run. */
  private async time(): Promise<void> {
    for (let turns = Math.floor(this.random() * 8); turns >= 0; turns--) await Promise.resolve()
  }
}

/** How the machine ended. `killed`: the process only, the kernel keeps what it was given. `power`: anything not synced may be lost. */
export type Ending = 'killed' | 'power'

/** What lies in the folder after a crash when `operations` had been done since `image`. */
export function imageAfter(
  image: Image,
  operations: readonly Operation[],
  ending: Ending,
  random: () => number,
): Image {
  const files: FileHistory[] = []
  const names = new Map<string, number>()
  for (const [name, bytes] of image) names.set(name, files.push({ safe: Buffer.from(bytes), pending: [] }) - 1)
  let pendingNames: NameOperation[] = []

  for (const operation of operations) {
    switch (operation.kind) {
      case 'create':
        files[operation.inode] = { safe: Buffer.alloc(0), pending: [] }
        pendingNames.push(operation)
        break
      case 'rename':
      case 'remove':
        pendingNames.push(operation)
        break
      case 'syncFolder':
        for (const pending of pendingNames) rename(names, pending)
        pendingNames = []
        break
      case 'append':
      case 'truncate':
        files[operation.inode]!.pending.push(operation)
        break
      case 'sync':
        files[operation.inode] = { safe: contentOf(files[operation.inode]!), pending: [] }
        break
      case 'note':
        break
    }
  }
  const survives = ending === 'killed' ? () => true : survivors(random)
  for (const pending of pendingNames) if (survives()) rename(names, pending)
  return new Map([...names].map(([name, inode]) => [name, survivingContent(files[inode]!, ending, random)]))
}

type FileOperation = Extract<Operation, { kind: 'append' | 'truncate' }>
type NameOperation = Extract<Operation, { kind: 'create' | 'rename' | 'remove' }>

interface FileHistory {
  /** What the last sync promised. */
  readonly safe: Buffer
  readonly pending: FileOperation[]
}

function rename(names: Map<string, number>, operation: NameOperation): void {
  if (operation.kind === 'remove') names.delete(operation.name)
  else if (operation.kind === 'create') names.set(operation.name, operation.inode)
  else {
    names.delete(operation.from)
    names.set(operation.to, operation.inode)
  }
}

const contentOf = ({ safe, pending }: FileHistory): Buffer =>
  pending.reduce<Buffer>(
    (content, operation) =>
      operation.kind === 'append' ? Buffer.concat([content, operation.bytes]) : content.subarray(0, operation.length),
    safe,
  )

/** All, none, a beginning, or each by chance. */
function survivors(random: () => number): () => boolean {
  const mode = Math.floor(random() * 4)
  let goesOn = true
  return () => {
    if (mode === 0) return true
    if (mode === 1) return false
    if (mode === 3) return random() < 0.5
    goesOn &&= random() < 0.6
    return goesOn
  }
}

const BLOCK = 64

function survivingContent(file: FileHistory, ending: Ending, random: () => number): Buffer {
  const whole = contentOf(file)
  if (ending === 'killed' || file.pending.length === 0) return whole
  // Truncations come first or not at all; a file is never shorter than what is both safe and kept.
  const cut = Math.min(file.safe.length, ...file.pending.flatMap(each => (each.kind === 'truncate' ? each.length : [])))
  const safe = cut < file.safe.length && random() < 0.5 ? file.safe.subarray(0, cut) : file.safe
  const base = whole.subarray(0, safe.length).equals(safe) ? whole : safe
  const mode = Math.floor(random() * 4)
  if (mode === 0) return safe
  if (mode === 1) return base
  const torn = Buffer.from(base.subarray(0, safe.length + Math.floor(random() * (base.length - safe.length + 1))))
  if (mode === 2) return torn
  // The length arrived, but not every block behind the safe part: zeros, or what lay there before.
  for (let at = safe.length; at < torn.length; at += 1 + Math.floor(random() * BLOCK)) {
    if (random() < 0.5) continue
    const end = Math.min(torn.length, at + BLOCK)
    if (random() < 0.5) torn.fill(0, at, end)
    else for (let i = at; i < end; i++) torn[i] = Math.floor(random() * 256)
  }
  return torn
}

/** A generator of numbers in [0, 1) that gives the same row for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
