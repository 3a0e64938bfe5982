import picomatch from 'picomatch'
import { z } from 'zod'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type Job, type JobContext, type JobReport } from '../define-job.js'
import { REPORT_ISSUE_TOOLS, syncReportIssue } from '../report-issue.js'
import { type AdvisoryIndex, findFix } from './dependencies/advisories.js'
import type { AdvisorySource } from './dependencies/advisory-source.js'
import {
  checkFiles,
  type DependencyFinding,
  listUsedPackages,
  type ReadFile,
  toFinding,
} from './dependencies/checks.js'
import { code, ECOSYSTEMS, RULES, type RuleId } from './dependencies/model.js'
import { findKnownFile } from './dependencies/readers.js'
import { findHead, listKnownFiles, REPOSITORY_TOOLS, readFiles } from './dependencies/repository-files.js'

/*
 * What the manifests and lock files of a repository say about the care its dependencies get, as one living report.
 * Works offline: no registry is asked. Where the settings name a source of advisories, locked versions are held
 * against them too.
 */

const NAME = 'dependency_hygiene_scan'
const TITLE = 'Dependency hygiene'
const SEVERITIES = ['info', 'warning', 'error'] as const

const pattern = z.string().min(1).max(300)
const Ignore = z
  .strictObject({
    rule: z.enum(Object.keys(RULES) as [RuleId, ...RuleId[]]).optional(),
    package: pattern.optional(),
    path: pattern.optional(),
  })
  .refine((entry) => Object.values(entry).some((value) => value !== undefined), 'name a rule, a package or a path')

const parameters = z.strictObject({
  ecosystems: z
    .array(z.enum(ECOSYSTEMS))
    .min(1)
    .default([...ECOSYSTEMS])
    .describe('Which to look at.'),
  ignore: z
    .array(Ignore)
    .max(200)
    .default([])
    .describe('Findings to leave out: all that an entry names (rule, glob of packages, glob of paths) must match.'),
  minimum_severity: z.enum(SEVERITIES).default('info').describe('Findings below it are left out.'),
  labels: z
    .array(z.string().min(1).max(50))
    .max(10)
    .default([])
    .describe('Labels for the report when it is opened; they must exist.'),
  close_when_clean: z.boolean().default(false).describe('Close the report when nothing is left to mend.'),
  max_files: z
    .int()
    .min(1)
    .max(2000)
    .default(300)
    .describe('Most files that one run reads, those nearest to the top first.'),
})
/** Nobody mends more at a time; the gravest come first. */
const MOST_FINDINGS = 1000

type Context = JobContext<z.output<typeof parameters>>

/** @param advisories of known vulnerabilities, where the settings name a source */
export function createDependencyHygieneScan(advisories?: AdvisorySource): Job {
  return defineJob({
    name: NAME,
    title: TITLE,
    description:
      'Looks for missing and stale lock files, floating versions, unpinned actions and images and known vulnerabilities, and keeps one issue that lists them.',
    tools: [...REPOSITORY_TOOLS, ...REPORT_ISSUE_TOOLS],
    deadlineMs: 10 * MINUTE,
    maxAttempts: 5,
    events: ['push'],
    parameters,
    dedupe: ({ event, ref, default_branch: main, changed_paths: paths }, repository) => {
      if (event !== 'push' || ref !== `refs/heads/${String(main)}`) return undefined
      const changed = z.array(z.string()).min(1).safeParse(paths)
      const isTouched = !changed.success || changed.data.some((path) => findKnownFile(path, ECOSYSTEMS) !== undefined)
      return isTouched ? `${NAME}:${repository}`.toLowerCase() : undefined
    },
    run: (context) => run(context, advisories),
  })
}

async function run(context: Context, advisories: AdvisorySource | undefined): Promise<JobReport> {
  const { parameters, now, signal } = context
  const commit = await findHead(context)
  if (commit === undefined) {
    return { summary: 'The repository has no commits.', findings: [] }
  }
  const listed = await listKnownFiles(context, commit, parameters.ecosystems)
  const chosen = listed.files.slice(0, parameters.max_files)
  const files = await readFiles(context, commit, chosen)
  const { findings: found, unshown } = checkFiles(files)
  const known = advisories === undefined ? [] : findVulnerabilities(files, await advisories.load(now(), signal))
  const all = [...known, ...found].filter(createFilter(parameters)).toSorted(compareSeverity)
  const findings = all.slice(0, MOST_FINDINGS)
  const beyond = listed.files.length - chosen.length
  const further = unshown + all.length - findings.length
  const left = [
    ...listed.left,
    ...(beyond > 0 ? [`${beyond} files beyond max_files`] : []),
    ...(further > 0 ? [`${further} further findings`] : []),
  ].join('; ')
  const number = await syncReportIssue(context, {
    job: NAME,
    title: TITLE,
    intro: toIntro(advisories !== undefined),
    findings,
    commit,
    ...(left === '' ? {} : { left: `${left}.` }),
    labels: parameters.labels,
    closeWhenClean: parameters.close_when_clean,
  })
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return {
    summary: `${files.length} files at ${commit.slice(0, 10)}: ${findings.length} findings, ${errors} of them errors.`,
    findings,
    ...(left === '' ? {} : { left }),
    data: { commit, files: files.length, ...(number === undefined ? {} : { issue: number }) },
  }
}

function compareSeverity(a: DependencyFinding, b: DependencyFinding): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity)
}

function toIntro(hasAdvisories: boolean): string {
  const source = hasAdvisories
    ? 'Locked versions are held against the advisories that the operator has named.'
    : 'Known vulnerabilities are not looked for: no source of advisories is set.'
  return `What the manifests and lock files on the default branch say about the dependencies of this repository. No registry was asked. ${source} The policy can leave out rules, packages and paths (\`automation\`, \`${NAME}\`, \`ignore\`).`
}

function findVulnerabilities(files: readonly ReadFile[], index: AdvisoryIndex): readonly DependencyFinding[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const found = new Map<string, DependencyFinding>()
  for (const { ecosystem, name, version, path, line } of listUsedPackages(files)) {
    const file = byPath.get(path)
    for (const { id, summary, affected } of version === '' || file === undefined
      ? []
      : index.find(ecosystem, name, version)) {
      const fix = findFix(ecosystem, version, affected)
      const what = summary === '' ? '' : ` (${code(summary)})`
      const advice =
        fix === undefined ? 'No fixed version is named: look for a replacement.' : `Move to ${code(fix)} or later.`
      const message = `${code(`${name} ${version}`)} has the known vulnerability ${code(id)}${what}. ${advice}`
      const subject = `${name}@${version} ${id}`
      if (file !== undefined) {
        const finding = toFinding(file, { rule: 'known-vulnerability', subject, message, line })
        found.set(finding.fingerprint, { ...finding, subject: name })
      }
    }
  }
  return [...found.values()]
}

const GLOB = { dot: true, nonegate: true, noextglob: true }

function createFilter({
  ignore,
  minimum_severity: floor,
}: Context['parameters']): (finding: DependencyFinding) => boolean {
  const rules = ignore.map(({ rule, package: name, path }) => ({
    rule,
    // a scope is part of a name, so a star reaches over its slash
    isPackage: name === undefined ? () => true : picomatch(name, { ...GLOB, bash: true }),
    isPath: path === undefined ? () => true : picomatch(path, GLOB),
  }))
  const least = SEVERITIES.indexOf(floor)
  return ({ rule, severity, subject, path }) =>
    SEVERITIES.indexOf(severity) >= least &&
    !rules.some((entry) => (entry.rule ?? rule) === rule && entry.isPackage(subject) && entry.isPath(path))
}
