#!/usr/bin/env node
/** What a BatchJob's pods run: `solvent-batch coordinator`, `solvent-batch worker`. */
import('../dist/batch.js').then(async ({ main }) => {
  // Sockets of a finished role must not keep the process: the exit code is the answer.
  process.exit(await main(process.argv.slice(2)))
})
