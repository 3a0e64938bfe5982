import { readFileSync } from 'node:fs'

interface Instruction {
  /** Upper case: COPY, RUN, … */
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly name: string
  readonly image: string
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile: comments gone, continued lines joined. */
export function readStages(path: string): Stage[] {
  const lines = readFileSync(path, 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const line of lines) {
    const [, name = '', text = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? []
    if (name.toUpperCase() === 'FROM') {
      const [image = '', , stage = ''] = text.split(/\s+/)
      stages.push({ name: stage, image, instructions: [] })
    } else {
      stages.at(-1)?.instructions.push({ name: name.toUpperCase(), text })
    }
  }
  return stages
}

/** The texts of all instructions of one kind. */
export function findAll(stage: Stage, name: string): string[] {
  return stage.instructions.filter((each) => each.name === name).map(({ text }) => text)
}

/** The variables that a stage sets. */
export function readEnv(stage: Stage): Record<string, string> {
  return Object.fromEntries(
    findAll(stage, 'ENV').flatMap((text) => text.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string])),
  )
}

/** The exec form of CMD, or of the CMD in a HEALTHCHECK. */
export function readCommand(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

export interface Copy {
  /** Another stage, or undefined for the build context. */
  readonly from: string | undefined
  readonly sources: readonly string[]
  readonly target: string
}

export function readCopies(stage: Stage): Copy[] {
  return findAll(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/)
    const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
    return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
  })
}

/** What of `files` a build gets to see: the allow-list form of a .dockerignore, where `*` comes first. */
export function filterContext(ignorePath: string, files: readonly string[]): string[] {
  const [first, ...rest] = readFileSync(ignorePath, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*' || rest.some((line) => !/^![\w./-]+$/.test(line))) {
    throw new Error('this reader knows .dockerignore files only that exclude everything and name what is allowed')
  }
  const allowed = rest.map((line) => line.slice(1))
  return files.filter((file) => allowed.some((path) => file === path || file.startsWith(`${path}/`)))
}
