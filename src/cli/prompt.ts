import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { InvalidInput } from '../lib/errors.js'
import { type CommandIo, printLines } from './command.js'

/** Questions to the person at the terminal. */
export interface Prompt {
  /** Asks until `parse` takes the answer; an empty answer stands for `fallback` when there is one. */
  ask<Value>(question: string, parse: (answer: string) => Value, fallback?: string): Promise<Value>
  /** Asks without showing what is typed. */
  askSecret(question: string): Promise<string>
  /** Yes or no; no when nothing is typed. */
  confirm(question: string): Promise<boolean>
  close(): void
}

/** Needs a terminal: `io.stdin.isTTY`. */
export function createPrompt(io: CommandIo): Prompt {
  let isHidden = false
  const echo = new Writable({
    write(chunk, encoding, done) {
      if (isHidden) {
        done()
      } else {
        io.stdout.write(chunk, encoding)
        done()
      }
    },
  })
  const lines = createInterface({ input: io.stdin, output: echo, terminal: true, historySize: 0 })
  const typed: string[] = []
  let waiting: PromiseWithResolvers<string> | undefined
  let isClosed = false
  lines.on('line', (line) => {
    if (waiting === undefined) {
      typed.push(line)
    } else {
      waiting.resolve(line)
      waiting = undefined
    }
  })
  // Ctrl-C and Ctrl-D: without this the question would wait for ever
  lines.once('close', () => {
    isClosed = true
    waiting?.reject(new InvalidInput('Stopped. Nothing was written.'))
  })

  const readAnswer = async (question: string): Promise<string> => {
    if (isClosed) {
      throw new InvalidInput('Stopped. Nothing was written.')
    }
    // as readline's own prompt it survives editing the line
    lines.setPrompt(question)
    lines.prompt()
    const ready = typed.shift()
    if (ready !== undefined) {
      return ready
    }
    waiting = Promise.withResolvers<string>()
    return waiting.promise
  }

  return {
    ask: async (question, parse, fallback) => {
      for (;;) {
        const answer = (await readAnswer(`${question}${fallback ? ` [${fallback}]` : ''}: `)).trim()
        // a wrong answer is asked for again, with the reason
        try {
          return parse(answer === '' ? (fallback ?? '') : answer)
        } catch (error) {
          if (!(error instanceof InvalidInput)) {
            throw error
          }
          printLines(io.stdout, error.message)
        }
      }
    },
    askSecret: async (question) => {
      const answer = readAnswer(question)
      isHidden = true
      try {
        return (await answer).trim()
      } finally {
        isHidden = false
        io.stdout.write('\n')
      }
    },
    confirm: async (question) => /^y(?:es)?$/i.test((await readAnswer(`${question} [y/N]: `)).trim()),
    close: () => lines.close(),
  }
}
