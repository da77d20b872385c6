// The server of an embedded cluster, src/cluster/server-main.ts: started by the spawner, with that file's arguments.
const { join } = require('node:path')
const { load } = require('./bundle.js')

/** Later than anybody waits for, and soon enough that V8 has not thrown away what the start compiled. */
const KEEP_AFTER_MS = 3_000

const { keep } = load(join(__dirname, '../dist/server.cjs'))
setTimeout(keep, KEEP_AFTER_MS).unref()
