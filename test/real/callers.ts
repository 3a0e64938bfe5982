/** Who asks, and the short ways of writing many questions. */
import type { Question } from '../support/gitea-differential.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'

export type Caller = Pick<Question, 'credential'>

const tokens = new WeakMap<GiteaUnderTest, Map<string, string>>()

/** A person with a token of the given scopes, made once per installation. */
export function token(login: string, ...scopes: readonly string[]): Caller {
  const wanted = scopes.length > 0 ? scopes : ['all']
  return {
    async credential(gitea) {
      const known = tokens.get(gitea) ?? new Map<string, string>()
      tokens.set(gitea, known)
      const key = `${login} ${wanted.join(' ')}`
      const value = known.get(key) ?? (await gitea.createToken(login, wanted))
      known.set(key, value)
      return `token ${value}`
    },
  }
}

/** The same header for both. */
export function fixed(authorization: string): Caller {
  return { credential: async () => authorization }
}

export const nobody: Caller = {}
export const [alice, bob, mallory, admin] = [token('alice'), token('bob'), token('mallory'), token('admin')]

/** GETs below `prefix`: paths parted by white space, `=` for the prefix itself. */
export function reads(caller: Caller, prefix: string, paths: string): Question[] {
  const listed = paths.split(/\s+/).filter((path) => path !== '')
  return listed.map((path) => ({ ...caller, path: prefix + (path === '=' ? '' : path) }))
}

/** A request with a JSON body. */
export function write(caller: Caller, method: string, path: string, body?: unknown): Question {
  return { ...caller, method, path, ...(body === undefined ? {} : { body }) }
}

/** Basic credentials. */
export const basic = (login: string, password: string): Caller => fixed(`Basic ${btoa(`${login}:${password}`)}`)
