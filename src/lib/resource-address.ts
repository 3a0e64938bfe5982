/*
 * `gitea://` addresses. Each thing has one spelling: what an address says is written out again and compared, so that
 * `..`, doubled slashes and needless escapes name nothing. Paths keep their slashes, because some clients take an
 * address apart and put it together decoded; the ref stands behind `?`, because it may have slashes too.
 */

export type ResourceAddress = FileAddress | NumberedAddress

interface FileAddress {
  readonly kind: 'file'
  readonly owner: string
  readonly repo: string
  readonly path: string
  /** The default branch without it. */
  readonly ref?: string
}

interface NumberedAddress {
  readonly kind: 'issue' | 'pull' | 'job'
  readonly owner: string
  readonly repo: string
  readonly number: number
}

const ADDRESS =
  /^gitea:\/\/([\w.-]+)\/([\w.-]+)\/(?:file\/([^?#]+)(?:\?ref=([^?#&]+))?|(issue|pull|job)\/(\d{1,10})(\/log)?)$/

/** @returns undefined for anything that is not exactly what `formatAddress` writes */
export function findAddress(uri: string): ResourceAddress | undefined {
  const [, owner, repo, path, ref, kind, number, log] = ADDRESS.exec(uri)?.map(findDecoded) ?? []
  if (owner === undefined || repo === undefined) {
    return undefined
  }
  const address = toAddress({ owner, repo }, path, ref, kind, number)
  if (address === undefined || (log !== undefined) !== (address.kind === 'job')) {
    return undefined
  }
  // clients that fill the template in write the slashes of a ref as %2F, others as they are
  const plain = uri.replace(/\?ref=.*$/, (query) => query.replaceAll('%2F', '/'))
  return formatAddress(address) === plain ? address : undefined
}

function toAddress(
  repository: { readonly owner: string; readonly repo: string },
  path: string | undefined,
  ref: string | undefined,
  kind: string | undefined,
  number: string | undefined,
): ResourceAddress | undefined {
  if (path !== undefined) {
    return path.split('/').some((segment) => ['', '.', '..'].includes(segment))
      ? undefined
      : { kind: 'file', ...repository, path, ...(ref === undefined ? {} : { ref }) }
  }
  if (kind === 'issue' || kind === 'pull' || kind === 'job') {
    return { kind, ...repository, number: Number(number) }
  }
  return undefined
}

/**
 * The one spelling of an address.
 *
 * @throws URIError for text that is not well-formed Unicode
 */
export function formatAddress(address: ResourceAddress): string {
  const base = `gitea://${address.owner}/${address.repo}/${address.kind}/`
  switch (address.kind) {
    case 'file': {
      const path = encodeURI(address.path).replace(/[?#]/g, encodeURIComponent)
      const ref = address.ref === undefined ? '' : `?ref=${address.ref.split('/').map(encodeURIComponent).join('/')}`
      return `${base}${path}${ref}`
    }
    case 'job':
      return `${base}${address.number}/log`
    default:
      return `${base}${address.number}`
  }
}

function findDecoded(part: string | undefined): string | undefined {
  // an edge: escapes that are no UTF-8 make no address
  try {
    return part === undefined ? undefined : decodeURIComponent(part)
  } catch {
    return undefined
  }
}
