import { code, type Plain, type Reader, type Remark, toBasename } from './model.js'
import { at, entriesOf, indexValues, numberedLines, parseYaml, textAt } from './structured.js'

const DOCKERFILE = /^(?:(?:Docker|Container)file(?:\..+)?|.+\.(?:docker|container)file)$/i
const COMPOSE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i

export const docker: Reader = {
  ecosystem: 'docker',
  findRole: (path) => {
    const name = toBasename(path)
    return (DOCKERFILE.test(name) && !/\.dockerignore$/i.test(name)) || COMPOSE.test(name) ? 'plain' : undefined
  },
  parse: (path, text) => (COMPOSE.test(toBasename(path)) ? parseCompose(text) : parseDockerfile(text)),
  toKey: (name) => name.toLowerCase(),
  isFloating: () => undefined,
  satisfies: () => undefined,
  lockAdvice: '',
}

/** What is wrong with how an image is named; undefined when it has a digest, or nobody can tell. */
export function findImageRemark(image: string): Omit<Remark, 'line'> | undefined {
  const name = image.trim()
  if (name === '' || name.toLowerCase() === 'scratch' || /[${}]/.test(name) || /@sha256:[0-9a-f]{64}$/i.test(name)) {
    return undefined
  }
  const [plain = name] = name.split('@')
  const cut = plain.indexOf(':', plain.lastIndexOf('/') + 1)
  const tag = cut === -1 ? undefined : plain.slice(cut + 1)
  const subject = cut === -1 ? plain : plain.slice(0, cut)
  if (tag === undefined || tag === 'latest') {
    const message = `${code(name)} may be another image tomorrow: name a version and its digest (\`@sha256:…\`).`
    return { rule: 'latest-image', subject, message }
  }
  const message = `The tag of ${code(name)} can be moved: add its digest (\`@sha256:…\`).`
  return { rule: 'unpinned-image', subject: `${subject}:${tag}`, message }
}

function parseDockerfile(text: string): Plain {
  const remarks = new Map<string, Remark>()
  const stages = new Set<string>()
  const values = new Map<string, string>()
  const add = (image: string, line: number) => {
    const known = image.replace(
      /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
      (whole, braced, fallback, bare) => values.get(braced ?? bare) ?? fallback ?? whole,
    )
    const remark = stages.has(known.toLowerCase()) || /^\d+$/.test(known) ? undefined : findImageRemark(known)
    if (remark !== undefined && !remarks.has(remark.subject)) remarks.set(remark.subject, { ...remark, line })
  }
  for (const [number, raw] of numberedLines(text)) {
    const line = raw.trim()
    const [, name, value] = /^ARG\s+(\w+)=["']?([^"'\s]+)/i.exec(line) ?? []
    if (name !== undefined && value !== undefined && stages.size === 0) values.set(name, value)
    const [, image, stage] = /^FROM\s+(?:--\w+=\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? []
    if (image !== undefined) {
      add(image, number)
      stages.add((stage ?? `stage ${number}`).toLowerCase())
    }
    const [, from] = /^(?:COPY|ADD)\s+(?:--\w+=\S+\s+)*?--from=(\S+)/i.exec(line) ?? []
    if (from !== undefined) add(from, number)
  }
  return { kind: 'plain', remarks: [...remarks.values()] }
}

function parseCompose(text: string): Plain {
  const file = parseYaml(text)
  const lines = indexValues(text)
  const remarks: Remark[] = []
  for (const [, service] of entriesOf(at(file, 'services'))) {
    const image = textAt(service, 'image')
    // with `build` the name is what the image will be called
    if (image === undefined || at(service, 'build') !== undefined) continue
    const remark = findImageRemark(image.replace(/\$\{\w+:?-([^}]*)\}/g, '$1'))
    if (remark !== undefined) remarks.push({ ...remark, line: lines.get(image) })
  }
  return { kind: 'plain', remarks }
}
