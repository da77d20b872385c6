/** A part of the page: one question of the reader's. */

export interface Section {
  readonly title: string
  /** None: the section is left out. */
  readonly lines: readonly string[]
}
