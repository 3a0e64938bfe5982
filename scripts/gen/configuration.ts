import type { z } from 'zod'
import { envSections } from '../../src/config/env.js'

interface Setting {
  readonly name: string
  readonly description: string
  readonly required: boolean
  /** As an operator would write it; empty when there is none. */
  readonly defaultText: string
}

/** `.env.example`: every setting with its description; required ones open, the others commented out at their default. */
export function generateEnvExample(): string {
  const lines = [
    '# Settings of AegisGitea MCP. `aegis setup` writes a .env for you; this file lists everything there is.',
    '# Generated from src/config/env.ts by npm run gen.',
  ]
  for (const [title, settings] of readSections()) {
    lines.push('', `# --- ${title} ---`)
    for (const setting of settings) {
      lines.push('', `# ${setting.description}`, toExampleLine(setting))
    }
  }
  return `${lines.join('\n')}\n`
}

/** `docs/configuration.md`: the same as tables. */
export function generateConfiguration(): string {
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from src/config/env.ts by npm run gen. -->',
    '',
    'Settings are environment variables; `aegis` also reads a `.env` file in the directory it is started in (the',
    'environment wins). An empty value counts as not given. Everything that is wrong or missing is reported at once.',
  ]
  for (const [title, settings] of readSections()) {
    lines.push('', `## ${title}`, '', '| Variable | Default | What it does |', '|---|---|---|')
    for (const { name, description, required, defaultText } of settings) {
      const value = required ? '**required**' : defaultText === '' ? '–' : `\`${defaultText}\``
      lines.push(`| \`${name}\` | ${value} | ${description.replaceAll('|', '\\|')} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

function readSections(): [title: string, settings: Setting[]][] {
  return Object.entries(envSections).map(([title, section]) => [
    title,
    Object.entries(section).map(([name, schema]) => toSetting(name, schema)),
  ])
}

function toSetting(name: string, schema: z.ZodType): Setting {
  const empty = schema.safeParse(undefined)
  return {
    name,
    description: schema.description ?? '',
    required: !empty.success,
    defaultText: empty.success ? toText(empty.data) : '',
  }
}

function toText(value: unknown): string {
  return value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value)
}

function toExampleLine({ name, required, defaultText }: Setting): string {
  return required ? `${name}=` : `# ${name}=${defaultText}`
}
