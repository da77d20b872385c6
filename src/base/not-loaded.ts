/**
 * Code that few need and that is asked for where nobody can wait: it says that it is not there yet, and whoever can wait loads it and makes
 * the attempt again. Between the two an attempt must leave nothing behind.
 */
export class NotLoaded extends Error {
  readonly load: () => Promise<unknown>
  constructor(what: string, load: () => Promise<unknown>) {
    super(`${what} is not loaded yet`)
    this.name = 'NotLoaded'
    this.load = load
  }
}

/** Makes the attempt, once more for each thing that it has to load first. */
export async function whenLoaded<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error
      await error.load()
    }
  }
}
