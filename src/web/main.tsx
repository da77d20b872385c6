/** Puts the page into the document. */
import { render } from 'preact'
import { PlanPage } from './plan/plan-page.tsx'

render(<PlanPage />, document.getElementById('app')!)
