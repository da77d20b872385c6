/**
 * The disk as the store needs it: one folder of flat files. Small, so that tests can stand a simulated one in its place that loses what
 * was not synced. What is promised after a power loss is only: bytes appended before a `sync` that returned, and names (created, renamed,
 * removed) before a `syncFolder` that returned.
 */
export interface Disk {
  list(): Promise<readonly string[]>
  read(name: string): Promise<Uint8Array>
  /** A new, empty file. Throws where the name is taken. */
  create(name: string): Promise<DiskFile>
  /** An existing file, to append to. */
  open(name: string): Promise<DiskFile>
  /** Takes the place of what `to` named, at once. */
  rename(from: string, to: string): Promise<void>
  remove(name: string): Promise<void>
  /** Makes the names in the folder safe. */
  syncFolder(): Promise<void>
}

export interface DiskFile {
  /** Writes all of `bytes` at the end. Where it throws, any part of them may have been written. */
  append(bytes: Uint8Array): Promise<void>
  truncate(length: number): Promise<void>
  /** Makes the file's content safe. */
  sync(): Promise<void>
  close(): Promise<void>
}
