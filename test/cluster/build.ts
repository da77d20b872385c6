/** `node scripts/run-ts.js test/cluster/build.ts`: builds the programs if they are missing and says where they are. */
import { buildPrograms } from './build-kubernetes.ts'

console.log(JSON.stringify(await buildPrograms()))
