import type { TriggerFacts } from '../../define-job.js'
import { quoteText } from '../markers.js'
import { issueParameters, type Template } from './parameters.js'

/* Templates of the policy: which event means which issue. */

/** The templates that an event meets. @param given parameters as the policy has them, or parsed ones */
export function findTemplates(facts: TriggerFacts, given: Readonly<Record<string, unknown>>): readonly Template[] {
  const { templates } = issueParameters.parse(given)
  const branch = toBranch(facts)
  return templates.filter(
    (template) =>
      template.event === facts.event &&
      (template.action === undefined || template.action === facts.action) &&
      (template.branch === undefined || template.branch === branch) &&
      (template.conclusion === undefined || template.conclusion === facts.conclusion),
  )
}

function toBranch({ ref, branch, head_ref, base_ref }: TriggerFacts): string | undefined {
  const found = [base_ref, branch, head_ref, ref].find((value) => typeof value === 'string')
  return typeof found === 'string' ? found.replace(/^refs\/heads\//, '') : undefined
}

/** What makes an event the one it is, however often it is told. */
export function toEventKey(facts: TriggerFacts): string {
  const { event, action, number, ref, after, tag, release_id, run_id, conclusion, head_sha } = facts
  // what is found by looking, because no delivery told, has no head: a turn of a pull request is one without it
  const head = event === 'pull_request' ? undefined : head_sha
  return [event, action, number, ref, after, tag, release_id, run_id, conclusion, head]
    .filter((value) => value !== undefined)
    .map(String)
    .join(':')
}

/** `{tag}` and the like become what the event says, as text of others: one line, no mentions, no markup. */
export function fillTemplate(text: string, facts: TriggerFacts, repository: string): string {
  const values: Record<string, unknown> = { ...facts, repository, branch: toBranch(facts) }
  return text.replaceAll(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? quoteText(String(value), 200)
      : whole
  })
}
