import { findImageRemark } from './docker.js'
import { code, type Reader, type Remark } from './model.js'
import { at, entriesOf, indexValues, isRecord, itemsOf, parseYaml, textAt } from './structured.js'

const WORKFLOW = /^(?:.*\/)?\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/
const ACTION = /^(?:.*\/)?action\.ya?ml$/

/** Workflows and composite actions of GitHub, Gitea and Forgejo. */
export const actions: Reader = {
  ecosystem: 'actions',
  findRole: (path) => (WORKFLOW.test(path) || ACTION.test(path) ? 'plain' : undefined),
  parse: (_path, text) => {
    const file = parseYaml(text)
    const lines = indexValues(text)
    const remarks = new Map<string, Remark>()
    const add = (remark: Omit<Remark, 'line'> | undefined, value: string) => {
      if (remark !== undefined && !remarks.has(remark.subject)) {
        remarks.set(remark.subject, { ...remark, line: lines.get(value) })
      }
    }
    const addSteps = (steps: unknown) => {
      for (const step of itemsOf(steps)) {
        const uses = textAt(step, 'uses')
        if (uses !== undefined) add(findActionRemark(uses), uses)
      }
    }
    for (const [, job] of entriesOf(at(file, 'jobs'))) {
      const uses = textAt(job, 'uses')
      if (uses !== undefined) add(findActionRemark(uses), uses)
      addSteps(at(job, 'steps'))
      const services = entriesOf(at(job, 'services')).map(([, service]) => service)
      for (const container of [at(job, 'container'), ...services]) {
        const image = typeof container === 'string' ? container : textAt(container, 'image')
        if (image !== undefined) add(findImageRemark(image), image)
      }
    }
    addSteps(at(file, 'runs', 'steps'))
    const runs = textAt(file, 'runs', 'image')
    if (runs?.startsWith('docker://') === true) add(findImageRemark(runs.slice('docker://'.length)), runs)
    return { kind: 'plain', remarks: isRecord(file) ? [...remarks.values()] : [] }
  },
  toKey: (name) => name.toLowerCase(),
  isFloating: () => undefined,
  satisfies: () => undefined,
  lockAdvice: '',
}

function findActionRemark(uses: string): Omit<Remark, 'line'> | undefined {
  if (uses.startsWith('docker://')) return findImageRemark(uses.slice('docker://'.length))
  if (/^\.{0,2}\//.test(uses) || uses.includes('${{')) return undefined
  const cut = uses.lastIndexOf('@')
  const ref = cut === -1 ? '' : uses.slice(cut + 1)
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) return undefined
  return {
    rule: 'unpinned-action',
    subject: cut === -1 ? uses : uses.slice(0, cut),
    message: `${code(uses)} runs whatever its ${ref === '' ? 'default branch' : 'tag or branch'} points to: name a full commit id, with the version in a comment.`,
  }
}
