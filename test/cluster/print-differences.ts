/** `node scripts/run-ts.js test/cluster/print-differences.ts > docs/differences.md` */
import { compareAnswers } from './compare-answers.ts'
import { differencesPage } from './differences-page.ts'
import { ourAnswers } from './our-answers.ts'
import { recordedAnswers } from './recorded.ts'

const recorded = recordedAnswers()
process.stdout.write(differencesPage(compareAnswers(recorded, await ourAnswers()), recorded.length))
