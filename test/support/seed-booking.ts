/** The files and history of harbor/booking, generated but always the same. */
import type { FileContent } from './gitea-sandbox/git.js'
import type { NewCommit } from './gitea-under-test.js'

type Files = Record<string, FileContent>

const areas = [
  ['booking', 'a reservation of places on a crossing'],
  ['cargo', 'freight that travels without a driver'],
  ['customers', 'people who book and how to reach them'],
  ['fares', 'what a crossing costs and why'],
  ['fleet', 'ships, their decks and their limits'],
  ['harbours', 'places where ships land'],
  ['mail', 'confirmations and reminders'],
  ['payments', 'money in and money back'],
  ['reports', 'figures for the office'],
  ['timetable', 'when ships leave and arrive'],
  ['vehicles', 'cars, vans and lorries on deck'],
  ['weather', 'warnings that stop a crossing'],
] as const

const nouns = [
  'rules',
  'store',
  'parse',
  'format',
  'check',
  'list',
  'find',
  'change',
  'remove',
  'price',
  'limits',
] as const

const harbourNames = [
  'Arholma',
  'Brevik',
  'Calais',
  'Dover',
  'Eckero',
  'Faro',
  'Gedser',
  'Horta',
  'Igoumenitsa',
  'Jersey',
] as const

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function source(area: string, noun: string, purpose: string, at: number): string {
  const name = `${noun}${capital(area)}`
  return `/** ${capital(noun)} for ${purpose}. */
export interface ${capital(name)}Request {
  readonly id: string
  readonly limit: number
}

const MAX_${noun.toUpperCase()} = ${25 + ((at * 37) % 200)}

export function ${name}(request: ${capital(name)}Request): readonly string[] {
  const limit = Math.min(request.limit, MAX_${noun.toUpperCase()})
  return Array.from({ length: limit }, (_, index) => \`\${request.id}-\${index + 1}\`)
}
`
}

function test(area: string, noun: string): string {
  const name = `${noun}${capital(area)}`
  return `import { expect, test } from 'vitest'
import { ${name} } from '../../src/${area}/${noun}.js'

test('${noun} ${area} never returns more than asked for', () => {
  expect(${name}({ id: 'a', limit: 3 })).toHaveLength(3)
})
`
}

/** 3,000 lines: one declaration a line, so that a line number can be checked by eye. */
function portsFile(): string {
  const lines = Array.from({ length: 2998 }, (_, at) => {
    const name = harbourNames[at % harbourNames.length]
    return `  { id: ${at + 2}, name: '${name} ${Math.floor(at / harbourNames.length) + 1}', berths: ${(at % 7) + 1} },`
  })
  return ['export const ports = [', ...lines, ']', ''].join('\n')
}

function routeFile(at: number): string {
  const from = harbourNames[at % harbourNames.length]
  const to = harbourNames[(at * 3 + 1) % harbourNames.length]
  return `${JSON.stringify({ id: at, from, to, minutes: 45 + ((at * 13) % 400), seasons: ['summer', 'winter'] }, null, 2)}\n`
}

const readme = `# booking

Booking service for the ferry lines of Harbor.

- \`src/\` one folder per part of the business
- \`fixtures/routes/\` every route as the office publishes it
- \`docs/\` how things are done

## Start

    npm ci
    npm start

The service listens on port 8080 and needs the settings described in docs/configuration.md.
`

const cancelRules = `/** A booking may be cancelled until departure. */
export function mayCancel(departureAt: number, now: number): boolean {
  return now < departureAt
}

export function refundShare(departureAt: number, now: number): number {
  return mayCancel(departureAt, now) ? 0.5 : 0
}
`

const cancelRulesAfter = `const DAY_MS = 24 * 60 * 60 * 1000

/** A booking may be cancelled until departure. */
export function mayCancel(departureAt: number, now: number): boolean {
  return now < departureAt
}

/** Full refund within a day of booking, half of it later. */
export function refundShare(departureAt: number, bookedAt: number, now: number): number {
  if (!mayCancel(departureAt, now)) return 0
  return now - bookedAt <= DAY_MS ? 1 : 0.5
}
`

/** About 450 files: twelve areas with sources and tests, 130 routes in one folder, one file of 3,000 lines. */
function bookingFiles(): Files {
  const files: Files = {
    'README.md': readme,
    LICENSE: 'MIT License\n\nCopyright (c) Harbor\n',
    '.gitignore': 'node_modules/\ndist/\n.env\n',
    'package.json': `${JSON.stringify({ name: 'booking', version: '2.14.0', type: 'module' }, null, 2)}\n`,
    'tsconfig.json': '{ "compilerOptions": { "strict": true } }\n',
    'docs/configuration.md': '# Configuration\n\n`PORT` 8080. `DATABASE_URL` comes from the infra repository.\n',
    'docs/decisions/001-store-utc.md': '# Times are stored in UTC\n\nNot done everywhere yet.\n',
    'scripts/start.sh': { executable: '#!/bin/sh\nexec node dist/main.js\n' },
    'src/main.ts':
      "import { listBooking } from './booking/list.js'\n\nconsole.log(listBooking({ id: 'start', limit: 1 }))\n",
    'src/booking/cancel-rules.ts': cancelRules,
    'src/booking/manual-refunds.txt': 'H-1044 refunded by hand\nH-1071 refunded by hand\n',
    'src/data/ports.ts': portsFile(),
  }
  for (const [at, [area, purpose]] of areas.entries()) {
    for (const [index, noun] of nouns.entries()) {
      files[`src/${area}/${noun}.ts`] = source(area, noun, purpose, at * nouns.length + index)
      files[`test/${area}/${noun}.test.ts`] = test(area, noun)
    }
    files[`docs/areas/${area}.md`] = `# ${capital(area)}\n\n${capital(purpose)}.\n`
  }
  for (let at = 1; at <= 130; at += 1)
    files[`fixtures/routes/route-${String(at).padStart(3, '0')}.json`] = routeFile(at)
  return files
}

const firstDay = Date.parse('2026-09-01T07:00:00Z')
const hour = 60 * 60 * 1000

/** Everything at once, then forty small commits on main, and the branch of the pull request: one file changed, one added, one deleted. */
export function bookingCommits(): NewCommit[] {
  const commits: NewCommit[] = [
    { author: 'bob', date: firstDay, message: 'Everything as the old office left it', files: bookingFiles() },
  ]
  for (let at = 1; at <= 40; at += 1) {
    const [area] = areas[at % areas.length] ?? areas[0]
    const person = at % 3 === 0 ? 'bob' : 'alice'
    commits.push({
      author: person,
      date: firstDay + at * 31 * hour,
      message: `${area}: note ${at} from the weekly review\n\nAgreed in the meeting of week ${35 + Math.floor(at / 6)}.`,
      files: { [`docs/reviews/week-${String(at).padStart(2, '0')}.md`]: `# Review ${at}\n\nLooked at ${area}.\n` },
    })
  }
  commits.push({
    author: 'alice',
    branch: 'feature/refund-window',
    from: 'main',
    date: firstDay + 1400 * hour,
    message: 'booking: full refund within a day of booking\n\nThe list kept by hand is no longer needed.',
    files: {
      'src/booking/cancel-rules.ts': cancelRulesAfter,
      'test/booking/cancel-rules.test.ts':
        "import { test } from 'vitest'\n\ntest.todo('a booking made an hour ago is refunded in full')\n",
      'src/booking/manual-refunds.txt': null,
    },
  })
  return commits
}
