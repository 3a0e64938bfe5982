import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, pickOne } from './random.js'

/*
 * Code that nobody wrote but that has the words, line lengths and repetitions of code: pieces of the packages that this
 * project installs, put together at random, with names of their own that are made of the packages' words.
 */

export interface MadeFile {
  readonly path: string
  readonly text: string
}

const SOURCE = /(?<!\.min)\.(?:js|mjs|cjs|ts|mts)$/
const MOST_SOURCE_BYTES = 64 * 1024
const LONGEST_LINE = 200
const NAME = /[A-Za-z_$][A-Za-z0-9_$]{7,40}/g
const PARTS = /[A-Z]?[a-z]{2,12}/g
const MEDIAN_CHARS = 2500
/** Logarithmic: the largest of 100,000 files have some hundred kilobytes, the mean is 1.8 medians. */
const SPREAD = 1.1
const MOST_CHARS = 400_000

/**
 * @param folder where the material lies; the same material makes the same files
 * @returns the nth file, for any n from 0 on
 */
export function createCodeMaker(folder: string): (n: number) => MadeFile {
  const sources = listSources(folder).map((path) => readFileSync(path, 'utf8').split('\n').filter(isOrdinary))
  const material = sources.filter((lines) => lines.length >= 20)
  const parts = material.flatMap((lines) => lines.slice(0, 400).flatMap((line) => line.match(PARTS) ?? []))
  return (n) => {
    const random = createRandom(n + 1)
    const toName = () => toLower(pickOne(parts, random)) + toUpper(pickOne(parts, random))
    const names = Array.from({ length: 12 }, () =>
      random() < 0.3 ? toName() + toUpper(pickOne(parts, random)) : toName(),
    )
    const wanted = Math.min(MOST_CHARS, MEDIAN_CHARS * Math.exp(SPREAD * toNormal(random)))
    const blocks: string[] = []
    for (let size = 0; size < wanted; ) {
      const lines = pickOne(material, random)
      const start = Math.floor(random() * (lines.length - 10))
      const block = rename(lines.slice(start, start + 5 + Math.floor(random() * 40)).join('\n'), names, random)
      blocks.push(block)
      size += block.length + 1
    }
    const file = names.slice(0, 2).map((name) => name.toLowerCase())
    const path = `src/${pickOne(FOLDERS, random)}/${file[0]}/${file[1]}-${n}.${random() < 0.8 ? 'ts' : 'js'}`
    return { path, text: `${blocks.join('\n').slice(0, MOST_CHARS)}\n` }
  }
}

const FOLDERS = ['api', 'build', 'core', 'data', 'forms', 'jobs', 'mail', 'pages', 'rules', 'store', 'tests', 'web']

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => SOURCE.test(path))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && statSync(path).size <= MOST_SOURCE_BYTES)
    .sort()
}

function isOrdinary(line: string): boolean {
  return line.length <= LONGEST_LINE
}

/** Some of a block's longer names become names of this file. */
function rename(block: string, names: readonly string[], random: () => number): string {
  const found = [...new Set(block.match(NAME))]
  let renamed = block
  for (let at = 0; at < 3 && found.length > 0; at += 1) {
    renamed = renamed.replaceAll(pickOne(found, random), () => pickOne(names, random))
  }
  return renamed
}

function toNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function toLower(part: string): string {
  return part.charAt(0).toLowerCase() + part.slice(1)
}

function toUpper(part: string): string {
  return part.charAt(0).toUpperCase() + part.slice(1)
}
