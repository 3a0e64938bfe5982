/**
 * What tests and the demo can ask of a Gitea, sandbox or real: put people and repositories into it, make
 * credentials, stop it. The sandbox offers more (its clock, its faults, what it saw); see gitea-sandbox/start.ts.
 */
import type { FileContent } from './gitea-sandbox/git.js'
import type { UnitName } from './gitea-sandbox/state.js'

export interface NewUser {
  readonly login: string
  readonly password: string
  readonly fullName?: string
  readonly admin?: boolean
  /** `<login>@example.test` unless given. */
  readonly email?: string
}

export interface AccountState {
  readonly prohibitLogin?: boolean
  readonly mustChangePassword?: boolean
  readonly active?: boolean
}

export interface NewCommit {
  readonly files: Readonly<Record<string, FileContent>>
  readonly message: string
  /** Login; the commit carries that person's name and e-mail address. The owner unless given. */
  readonly author?: string
  /** The default branch unless given; a new branch starts from `from`. */
  readonly branch?: string
  readonly from?: string
  /** Epoch milliseconds. */
  readonly date?: number
}

export interface NewRepository {
  readonly owner: string
  readonly name: string
  readonly private?: boolean
  readonly description?: string
  readonly topics?: readonly string[]
  /** One initial commit with these; `commits` come after it. Without both the repository stays empty. */
  readonly files?: Readonly<Record<string, FileContent>>
  readonly commits?: readonly NewCommit[]
  readonly archived?: boolean
}

export interface NewTeam {
  readonly org: string
  readonly name: string
  readonly members: readonly string[]
  /** Ordinary teams: rights per unit. Absent units are `none`. */
  readonly units?: Partial<Readonly<Record<UnitName, 'none' | 'read' | 'write'>>>
  /** All units at `admin`, and the only kind of team the flat permission endpoint knows. */
  readonly admin?: boolean
  /** Names of repositories of the organisation. */
  readonly repositories?: readonly string[]
}

export interface NewIssue {
  readonly owner: string
  readonly repo: string
  readonly author: string
  readonly title: string
  readonly body?: string
  /** Names. */
  readonly labels?: readonly string[]
  readonly assignees?: readonly string[]
  /** Title. */
  readonly milestone?: string
  readonly closed?: boolean
}

interface NewComment {
  readonly owner: string
  readonly repo: string
  readonly index: number
  readonly author: string
  readonly body: string
}

export interface NewPullRequest {
  readonly owner: string
  readonly repo: string
  readonly author: string
  readonly title: string
  readonly body?: string
  readonly head: string
  /** The default branch unless given. */
  readonly base?: string
  readonly labels?: readonly string[]
  readonly reviewers?: readonly string[]
}

interface NewLabel {
  readonly owner: string
  /** Without it the label belongs to the organisation `owner`, for all its repositories. */
  readonly repo?: string
  readonly name: string
  /** Six hex digits, no `#`. */
  readonly color: string
  readonly description?: string
}

interface NewMilestone {
  readonly owner: string
  readonly repo: string
  readonly title: string
  readonly description?: string
  /** A day, as `2026-10-24`. */
  readonly dueOn?: string
  readonly closed?: boolean
}

export interface NewApplication {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly confidential?: boolean
  /** Login. */
  readonly owner: string
}

interface NewActionJob {
  readonly name: string
  /** Without one the job waits for a runner. */
  readonly result?: 'success' | 'failure'
  /** Lines of its log. */
  readonly log?: readonly string[]
}

export interface NewActionRun {
  readonly owner: string
  readonly repo: string
  /** File name below `.gitea/workflows/`; pushing it is what starts the run. */
  readonly workflow: string
  /** Of the commit that adds the workflow. */
  readonly message: string
  /** The default branch unless given; a new one starts from it. */
  readonly branch?: string
  readonly jobs: readonly NewActionJob[]
}

export interface GiteaUnderTest {
  /** Root address without trailing slash, on 127.0.0.1. */
  readonly url: string
  addUser(user: NewUser): Promise<void>
  setUserState(login: string, state: AccountState): Promise<void>
  /** `owner` becomes the member of its owner team. */
  addOrganization(organization: {
    readonly name: string
    readonly owner: string
    readonly visibility?: 'public' | 'limited' | 'private'
  }): Promise<void>
  addTeam(team: NewTeam): Promise<void>
  addRepository(repository: NewRepository): Promise<void>
  /** Adds one commit and returns its full id. */
  commit(owner: string, name: string, commit: NewCommit): Promise<string>
  renameRepository(owner: string, name: string, newName: string): Promise<void>
  addCollaborator(owner: string, name: string, login: string, permission: 'read' | 'write' | 'admin'): Promise<void>
  addLabel(label: NewLabel): Promise<void>
  addMilestone(milestone: NewMilestone): Promise<void>
  /** Returns the issue's number. */
  addIssue(issue: NewIssue): Promise<number>
  addComment(comment: NewComment): Promise<void>
  /** Returns its number, which it shares with issues. */
  addPullRequest(pull: NewPullRequest): Promise<number>
  /** Pushes a workflow and runs its jobs. */
  addActionRun(run: NewActionRun): Promise<void>
  /** A personal access token: 40 hex digits. `scopes` as Gitea names them, e.g. `read:repository`, `all`. */
  createToken(login: string, scopes: readonly string[]): Promise<string>
  createOAuthApplication(
    application: NewApplication,
  ): Promise<{ readonly clientId: string; readonly clientSecret: string }>
  /** Removes the person's grant to an application, as on the settings page; all its tokens die at once. */
  revokeGrant(login: string, clientId: string): Promise<void>
  close(): Promise<void>
}
