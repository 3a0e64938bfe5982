import type { Automation } from '../../src/jobs/automation.js'
import type { EffectReport } from '../../src/jobs/define-job.js'
import type { JobRow, NewJob } from '../../src/jobs/queue.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { type Stack, startStack } from './start-stack.js'

/** The account that jobs act as in tests: of its own, as operators are told to have one. */
export const bot = { login: 'aegis-bot' }

interface JobsOptions {
  readonly policy: string
  /** `owner/name` of the one repository that may be changed. */
  readonly repository: string
  readonly settings?: Readonly<Record<string, string>>
}

/** How a job ended, with its report parsed. */
interface EndedJob extends Omit<JobRow, 'report'> {
  readonly report: {
    readonly summary?: string
    readonly left?: string
    readonly effects?: readonly EffectReport[]
    readonly [more: string]: unknown
  }
}

export interface RunningJobs {
  readonly stack: Stack
  readonly automation: Automation
  /** Moves the server's clock ahead of the real one, in days. */
  setDaysAhead(days: number): void
  /** Puts a job into the queue and waits until nothing runs. */
  run(kind: string, more?: Partial<NewJob>): Promise<EndedJob>
  close(): Promise<void>
}

/** Makes the account, once for each Gitea. */
export async function addBot(gitea: GiteaUnderTest, ...repositories: readonly string[]): Promise<string> {
  await gitea.addUser({ login: bot.login, password: 'automation-pass-1' })
  for (const repository of repositories) {
    const [owner = '', name = ''] = repository.split('/')
    await gitea.addCollaborator(owner, name, bot.login, 'write')
  }
  return gitea.createToken(bot.login, ['write:issue', 'write:repository', 'read:user', 'read:organization'])
}

/** The server with its jobs beside a Gitea. @param token of `addBot` */
export async function startJobs(gitea: GiteaUnderTest, token: string, options: JobsOptions): Promise<RunningJobs> {
  let ahead = 0
  const stack = await startStack(gitea, {
    policy: options.policy,
    clock: { now: () => Date.now() + ahead },
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: token,
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: options.repository,
      ...options.settings,
    },
  })
  const { automation } = stack.aegis.app
  if (automation === undefined) {
    throw new Error('automation is off')
  }
  return {
    stack,
    automation,
    setDaysAhead: (days) => {
      ahead = days * 86_400_000
    },
    run: async (kind, more = {}) => {
      const { repository } = options
      const { id } = automation.queue.enqueue({ kind, repository, trigger: 'manual', triggeredBy: 'test', ...more })
      await automation.runner.idle()
      const row = automation.queue.find(id)
      if (row === undefined) {
        throw new Error(`The job ${id} is gone.`)
      }
      return { ...row, report: JSON.parse(row.report ?? '{}') as EndedJob['report'] }
    },
    close: () => stack.close(),
  }
}
