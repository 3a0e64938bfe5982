import { z } from 'zod'
import type { GiteaUnderTest, NewCommit } from '../../../test/support/gitea-under-test.js'
import { sendToGitea } from '../../../test/support/send-to-gitea.js'

/*
 * The repository of the twelve tasks: 450 files, 130 of them in one folder, one of 3,000 lines, 60 commits, 61 issues, one
 * with 20 comments, a pull request over three files and a workflow run that failed. The same on every run.
 */

export const workshop = { owner: 'harbor', repo: 'workshop' } as const
export const LONG_FILE = 'src/timetable/crossings.ts'
export const SMALL_FILE = 'src/fares/discounts.ts'
export const WIDE_FOLDER = 'assets/signs'
export const SYMBOL = 'applySeasonDiscount'
const BRANCH = 'fix/season-discount'
const DAY = 86_400_000
const started = Date.parse('2026-05-04T08:00:00Z')

const AREAS = [
  'fares',
  'timetable',
  'boarding',
  'vessels',
  'crew',
  'harbours',
  'weather',
  'payments',
  'reports',
  'mail',
]
const WORDS = [
  'ferry',
  'quay',
  'ramp',
  'cabin',
  'deck',
  'rope',
  'tide',
  'lamp',
  'bell',
  'chart',
  'anchor',
  'buoy',
  'mast',
]

function pick(list: readonly string[], n: number): string {
  return list[n % list.length] ?? ''
}

/** The path of the nth of 316 source files. */
export function toSourcePath(n: number): string {
  return `src/${pick(AREAS, n)}/${n % 3 === 0 ? 'rules/' : ''}${pick(WORDS, n)}-${pick(WORDS, n * 5 + 2)}-${n}.ts`
}

/** A file of about 1.9 KB that reads like code. */
function toModule(area: string, name: string): string {
  const lines = Array.from({ length: 12 }, (_, n) => {
    const word = pick(WORDS, n + name.length)
    return `export function ${word}Of${n}(${area}: readonly string[], at: number): string {\n  return \`\${${area}[at % ${n + 2}] ?? '${word}'} on the ${pick(WORDS, n + 3)} side\`\n}\n`
  })
  return `// ${area}/${name}\n\n${lines.join('\n')}`
}

function toFiles(): Record<string, string> {
  const files: Record<string, string> = {
    'README.md': '# Workshop\n\nWhat the ferry company builds in its workshop.\n',
    'package.json': '{ "name": "workshop", "private": true, "type": "module" }\n',
  }
  for (let n = 0; n < 130; n++)
    files[`${WIDE_FOLDER}/${pick(WORDS, n)}-${pick(WORDS, n * 7 + 1)}-${n}.svg`] = `<svg id="s${n}"/>\n`
  for (let n = 0; n < 316; n++) {
    files[toSourcePath(n)] = toModule(pick(AREAS, n), `${pick(WORDS, n)}-${n}`)
  }
  files[SMALL_FILE] =
    `${toModule('fares', 'discounts')}\nexport function ${SYMBOL}(price: number, month: number): number {\n  return month > 10 ? price * 0.8 : price\n}\n`
  const crossings = Array.from(
    { length: 3000 },
    (_, n) =>
      `export const crossing${n} = { from: '${pick(WORDS, n)}', to: '${pick(WORDS, n + 5)}', minutes: ${20 + (n % 90)} }`,
  )
  files[LONG_FILE] = `${crossings.join('\n')}\n`
  return files
}

function toHistory(): NewCommit[] {
  return Array.from({ length: 59 }, (_, n) => ({
    files: { [`src/${pick(AREAS, n)}/notes.md`]: `Note ${n} of the ${pick(WORDS, n)}.\n` },
    message: `${pick(AREAS, n)}: note ${n} on the ${pick(WORDS, n * 3)}\n\nWritten down after the weekly round.`,
    author: n % 3 === 0 ? 'bob' : 'alice',
    date: started + n * DAY,
  }))
}

async function addIssues(gitea: GiteaUnderTest): Promise<number> {
  await gitea.addLabel({ ...workshop, name: 'bug', color: 'd73a4a' })
  await gitea.addLabel({ ...workshop, name: 'question', color: 'cc317c' })
  let discussed = 0
  for (let n = 0; n < 61; n++) {
    discussed = await gitea.addIssue({
      ...workshop,
      author: n % 2 === 0 ? 'alice' : 'bob',
      title: `The ${pick(WORDS, n)} of the ${pick(AREAS, n)} list does not close after the ${pick(WORDS, n * 3 + 1)}`,
      body: `Seen on crossing ${n}. The ${pick(WORDS, n)} stays open until somebody restarts the service.`,
      labels: n % 4 === 0 ? ['bug'] : n % 7 === 0 ? ['question'] : [],
    })
  }
  for (let n = 0; n < 20; n++) {
    const author = n % 2 === 0 ? 'bob' : 'alice'
    const body = `I looked at the ${pick(WORDS, n)}: it happens ${n + 1} times a day, always while the ${pick(WORDS, n + 4)} is being moved.`
    await gitea.addComment({ ...workshop, index: discussed, author, body })
  }
  return discussed
}

const STEP_LOG = [
  '⭐ Run Main actions/checkout@v4',
  ...Array.from({ length: 60 }, (_, n) => `Receiving objects: ${n + 1} of 60`),
  '  ✅  Success - Main actions/checkout@v4',
  '⭐ Run Main npm ci',
  ...Array.from({ length: 400 }, (_, n) => `added ${pick(WORDS, n)}-${pick(WORDS, n * 3 + 1)}@1.${n % 9}.${n % 4}`),
  '  ✅  Success - Main npm ci',
  '⭐ Run Main npm test',
  ...Array.from({ length: 300 }, (_, n) => ` PASS  src/${pick(AREAS, n)}/${pick(WORDS, n)}-${n}.test.ts`),
  ' FAIL  src/fares/season.test.ts > September is autumn',
  'AssertionError: expected 80 to be 75',
  '  at src/fares/season.test.ts:3:67',
  ' Tests  1 failed, 300 passed',
  '  ❌  Failure - Main npm test [9.4s]',
  "exitcode '1': failure",
  '🏁  Job failed',
]

const Runs = z.object({ workflow_runs: z.array(z.object({ id: z.number(), path: z.string() })) })
const Jobs = z.object({ jobs: z.array(z.object({ id: z.number(), name: z.string() })) })

/** On a branch of its own, so that history and files of the default branch stay as they are. */
async function addFailedRun(gitea: GiteaUnderTest): Promise<FailedRun> {
  await gitea.addActionRun({
    ...workshop,
    workflow: 'checks.yml',
    branch: 'ci/checks',
    message: 'Check every push',
    jobs: [
      { name: 'lint', result: 'success', log: ['nothing to say'] },
      { name: 'test', result: 'failure', log: STEP_LOG },
    ],
  })
  const ask = (path: string) => sendToGitea(gitea, 'bob', 'GET', `/repos/harbor/workshop/actions/runs${path}`)
  const run = Runs.parse(await ask('')).workflow_runs.find(({ path }) => path.startsWith('checks.yml'))?.id ?? 0
  const job = Jobs.parse(await ask(`/${run}/jobs`)).jobs.find(({ name }) => name === 'test')?.id ?? 0
  return { run, job }
}

interface FailedRun {
  readonly run: number
  readonly job: number
}

export interface Workshop extends FailedRun {
  readonly issue: number
  readonly pull: number
}

/** Fills a seeded Gitea with the repository of the tasks. */
export async function seedWorkshop(gitea: GiteaUnderTest): Promise<Workshop> {
  await gitea.addRepository({ owner: workshop.owner, name: workshop.repo, files: toFiles(), commits: toHistory() })
  await gitea.addCollaborator(workshop.owner, workshop.repo, 'alice', 'write')
  const issue = await addIssues(gitea)
  await gitea.commit(workshop.owner, workshop.repo, {
    branch: BRANCH,
    author: 'alice',
    message: 'fares: the season discount counts in autumn too',
    files: {
      [SMALL_FILE]: `${toModule('fares', 'discounts')}\nexport function ${SYMBOL}(price: number, month: number): number {\n  return month > 8 ? price * 0.75 : price\n}\n`,
      'src/fares/notes.md': 'The season discount counts from September on.\n',
      'src/fares/season.test.ts': `import { ${SYMBOL} } from './discounts.js'\n\ntest('September is autumn', () => expect(${SYMBOL}(100, 9)).toBe(75))\n`,
    },
  })
  const pull = await gitea.addPullRequest({
    ...workshop,
    author: 'alice',
    title: 'The season discount counts in autumn too',
    body: 'Fixes the discount for September and October.',
    head: BRANCH,
  })
  return { issue, pull, ...(await addFailedRun(gitea)) }
}
