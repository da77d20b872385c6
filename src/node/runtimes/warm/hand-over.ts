/** What a waiting process is told to become: one line of JSON on its descriptor 4. */
export interface HandOver {
  /** Run as `node FILE …` would, or as a program that was loaded ahead. */
  readonly run: { readonly file: string } | { readonly module: string; readonly command: string }
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** A module that exports `main(args): Promise<number>`, and the command that it is. */
export interface Preload {
  readonly command: string
  readonly module: string
}
