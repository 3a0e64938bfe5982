/** How the story is told: numbered steps, what was asked, what came back. */

export type Paint = (style: 'bold' | 'cyan' | 'green' | 'yellow' | 'dim', text: string) => string

export interface Narrator {
  /** Plain lines, between steps. */
  lines(...lines: readonly string[]): void
  /**
   * Announces and plays one numbered step.
   *
   * @throws StepFailed naming the step, when `play` throws
   */
  step(title: string, play: () => Promise<void>): Promise<void>
  /** What somebody does. */
  asks(text: string): void
  /** What comes back. */
  gets(...lines: readonly string[]): void
  /** A page that the person reads. */
  shows(...lines: readonly string[]): void
  /** A refusal that comes back, which is what was wanted. */
  refused(...lines: readonly string[]): void
  /** What the reader should take from it. */
  note(text: string): void
  /** How many steps came out as told. */
  readonly steps: number
}

export class StepFailed extends Error {}

const INDENT = '    '
const LABEL_COLUMNS = 8
/** Together with the two above it fits into the usual 120 columns. */
const TEXT_COLUMNS = 106

export function createNarrator(print: (line: string) => void, paint: Paint): Narrator {
  let steps = 0
  const labelled = (label: string, style: Parameters<Paint>[0], lines: readonly string[]) => {
    for (const [at, line] of lines.flatMap((long) => wrap(long, TEXT_COLUMNS)).entries()) {
      const head = (at === 0 ? label : '').padEnd(LABEL_COLUMNS)
      print(`${INDENT}${paint(style, head)}${line}`)
    }
  }
  return {
    get steps() {
      return steps
    },
    lines: (...lines) => lines.forEach(print),
    step: async (title, play) => {
      print('')
      print(paint('bold', `${String(steps + 1).padStart(2)}  ${title}`))
      try {
        await play()
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new StepFailed(`Step ${steps + 1} (${title}) did not come out as told: ${why}`, { cause: error })
      }
      steps += 1
    },
    asks: (text) => labelled('asks', 'cyan', [text]),
    gets: (...lines) => labelled('gets', 'green', lines),
    shows: (...lines) => labelled('page', 'green', lines),
    refused: (...lines) => labelled('refused', 'yellow', lines),
    note: (text) => print(`${INDENT}${' '.repeat(LABEL_COLUMNS)}${paint('dim', text)}`),
  }
}

/** Nothing is told that was not seen. @throws Error that says what was expected and what came */
export function expectSeen(isSeen: boolean, expected: string, came: unknown): asserts isSeen {
  if (!isSeen) {
    throw new Error(`expected ${expected}, but what came was: ${cut(String(came), 600)}`)
  }
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}

/** Breaks at the last space that fits; a line without one stays whole. */
function wrap(text: string, max: number): string[] {
  const at = text.length <= max ? -1 : text.lastIndexOf(' ', max)
  return at <= 0 ? [text] : [text.slice(0, at), ...wrap(`   ${text.slice(at + 1)}`, max)]
}
