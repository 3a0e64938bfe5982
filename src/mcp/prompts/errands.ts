import { z } from 'zod'
import { owner, ref, repo } from '../../tools/params.js'
import { definePrompt, type Prompt } from './define-prompt.js'

const number = z.string().regex(/^#?[1-9]\d{0,9}$/, 'must be a number like 12')
const repository = { owner: owner.describe('Who owns the repository'), repo: repo.describe('The repository') }

const reviewPullRequest = definePrompt({
  name: 'review_pull_request',
  title: 'Review a pull request',
  description: 'Reads a pull request with its discussion and diff, and writes a review.',
  input: z.strictObject({ ...repository, number: number.describe('The pull request') }),
  needs: ['get_pull_request'],
  errand: ({ owner, repo, number }) => {
    const pull = toNumber(number)
    const args = `owner=${owner} repo=${repo} pull_number=${pull}`
    return {
      goal: `Review pull request #${pull} of ${owner}/${repo} as a careful colleague would.`,
      steps: [
        { tool: 'get_pull_request', say: `${args}, for its purpose and the files it changes.` },
        { tool: 'list_reviews', say: `${args}, for what was already said; do not say it again.` },
        { tool: 'list_issue_comments', say: `issue_number=${pull}, for the discussion.` },
        { tool: 'get_commit_status', say: 'sha=the head commit, for what the checks say.' },
        {
          tool: 'get_pull_request',
          say: 'again with path= for each file that matters; diff=true only when the whole is small.',
        },
        {
          tool: 'get_file_contents',
          say: 'ref=the head commit with start_line and end_line, where a hunk cannot be judged without what is around it.',
        },
        { tool: 'search_code', say: 'where else something that changes is used.' },
        {
          tool: 'create_review',
          say: 'only after you have shown the review and the person wants it posted; as a comment unless they say otherwise.',
        },
      ],
      result:
        'Hand back: what it does in two sentences; what must change, each with file, line, why and how; what could be better; what you could not check. Say so plainly when it is fine.',
    }
  },
})

const triageIssue = definePrompt({
  name: 'triage_issue',
  title: 'Triage an issue',
  description: 'Reads an issue, looks for duplicates and the place in the code, and proposes labels and next steps.',
  input: z.strictObject({ ...repository, number: number.describe('The issue') }),
  needs: ['get_issue'],
  errand: ({ owner, repo, number }) => {
    const issue = toNumber(number)
    return {
      goal: `Triage issue #${issue} of ${owner}/${repo}.`,
      steps: [
        { tool: 'get_issue', say: `owner=${owner} repo=${repo} issue_number=${issue}.` },
        { tool: 'list_issue_comments', say: 'for what was found out since.' },
        { tool: 'search_issues', say: 'with its two or three telling words, open and closed, for duplicates.' },
        { tool: 'search_code', say: 'with the names or messages it quotes, for the place it is about.' },
        { tool: 'list_labels', say: 'for the labels there are; use no others.' },
        { tool: 'list_milestones', say: 'when it should go into one.' },
        { tool: 'add_labels', say: 'only after you have shown the proposal and the person agrees.' },
        { tool: 'create_issue_comment', say: 'likewise, for a question to whoever reported it.' },
      ],
      result:
        'Hand back: what kind it is and how bad, with the reason; duplicates or related issues by number; where in the code; labels, milestone and who could take it; what to ask the reporter, if something is missing to act.',
    }
  },
})

const releaseNotes = definePrompt({
  name: 'release_notes',
  title: 'Write release notes',
  description: 'Collects what changed since a release and writes notes for the people who use it.',
  input: z.strictObject({
    ...repository,
    since: ref.describe('Tag to start from, the latest release if left out'),
    ref: ref.describe('Where the release ends, the default branch if left out'),
    label: z.string().min(1).max(50).optional().describe('Only issues with this label'),
  }),
  needs: ['list_commits'],
  errand: ({ owner, repo, since, ref, label }) => {
    const from = since ?? 'the latest release'
    const where = `owner=${owner} repo=${repo}`
    return {
      goal: `Write the release notes of ${owner}/${repo} from ${from} to ${ref ?? 'the default branch'}.`,
      steps: [
        ...(since === undefined
          ? [{ tool: 'get_latest_release', say: `${where}, for its tag and for how notes are written here.` }]
          : []),
        { tool: 'compare_refs', say: `${where} base=${since ?? 'that tag'} head=${ref ?? 'the default branch'}.` },
        {
          tool: 'list_commits',
          say: `${where}${ref === undefined ? '' : ` ref=${ref}`}, back to ${from}, where the comparison is cut.`,
        },
        { tool: 'list_pull_requests', say: 'state=closed, for the titles of what was merged.' },
        {
          tool: 'list_issues',
          say: `state=closed${label === undefined ? '' : ` labels=[${JSON.stringify(label)}]`}, for what was mended.`,
        },
        { tool: 'get_pull_request', say: 'only for a change whose title does not tell what it means to a user.' },
        {
          tool: 'create_release',
          say: 'only after you have shown the notes and the person wants them published; as a draft.',
        },
      ],
      result:
        'Hand back Markdown: what is new, what is mended, what breaks and what to do about it, each a sentence for a user with its number (#12). Leave out what users do not notice; invent nothing.',
    }
  },
})

const explainFailingRun = definePrompt({
  name: 'explain_failing_run',
  title: 'Explain a failing run',
  description: 'Finds the step of an Actions run that failed, its cause, and what would mend it.',
  input: z.strictObject({
    ...repository,
    run: number.optional().describe('The id of the run, the latest failed one if left out'),
  }),
  needs: ['get_job_log'],
  errand: ({ owner, repo, run }) => {
    const where = `owner=${owner} repo=${repo}`
    const id = run === undefined ? undefined : toNumber(run)
    return {
      goal: `Explain why ${id === undefined ? 'the latest failed Actions run' : `Actions run ${id}`} of ${owner}/${repo} failed.`,
      steps: [
        ...(id === undefined ? [{ tool: 'list_actions_runs', say: `${where}, for the latest one that failed.` }] : []),
        { tool: 'list_actions_jobs', say: `${where} run_id=${id ?? 'that run'}, for the job that failed.` },
        { tool: 'get_job_log', say: 'of that job, its failing step first; more only when the cause is not in it.' },
        { tool: 'get_commit_diff', say: 'of the commit of the run, for what it changed.' },
        { tool: 'get_file_contents', say: 'of what the log names: the test, the file and line, the workflow.' },
        { tool: 'search_code', say: 'with the message, when the log does not say where it comes from.' },
      ],
      result:
        'Hand back: the step and its last telling lines; the cause, and how sure you are; whether the commit, the tests, the workflow or the runner is to blame; the smallest change that would mend it.',
    }
  },
})

function toNumber(text: string): number {
  return Number(text.replace('#', ''))
}

/** In the order in which they are listed. */
export const PROMPTS: readonly Prompt[] = [explainFailingRun, releaseNotes, reviewPullRequest, triageIssue]
