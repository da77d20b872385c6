/** How the readers of all formats hand over what they read. */

/** A `string` (text) or a value (JSON lines, Parquet). */
export type EachRecord = (record: unknown) => void

/** Called between batches, with the bytes read since the last call: lets timers and sockets have their turn. */
export type OnProgress = (bytes: number) => Promise<void> | void
