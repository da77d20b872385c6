// One part of a cluster that runs apart (controllers, scheduler, network, a node's agent), by its name: src/cluster/NAME-main.ts. Started by the spawner.
const { join } = require('node:path')
const { load } = require('./bundle.js')

/** Later than anybody waits for, and soon enough that V8 has not thrown away what the start compiled. */
const KEEP_AFTER_MS = 3_000

const [name = ''] = process.argv.splice(2, 1)
const { keep } = load(join(__dirname, `../dist/${name}.cjs`))
setTimeout(keep, KEEP_AFTER_MS).unref()
