/** Sums what the suites reported (vitest's JSON, one file a suite) and the steps of .ci/run; prints `N passed, N failed` as the last line. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
const lines = name =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean) : []
const failedSteps = new Set(lines('failed-steps'))
let passed = lines('steps').length - failedSteps.size
let failed = failedSteps.size
for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults.filter(each => each.status === 'failed')) {
      console.log(`failed: ${file.replace('.json', '')}: ${test.fullName}`)
    }
  }
}
for (const step of failedSteps) console.log(`failed: ${step}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
