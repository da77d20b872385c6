#!/usr/bin/env node
/** What the pods of a Server with a module run. */
import('../dist/serve.js').then(async ({ main }) => {
  process.exit(await main(process.argv.slice(2)))
})
