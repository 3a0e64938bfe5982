/** Entries of `contents`, `contents-ext` and `file-contents` (services/repository/files/content.go). */
import { type GitObject, readObject, type TreeEntry } from '../git.js'
import type { Commit } from '../history.js'
import type { Instance, Repository } from '../state.js'
import { apiUrl, htmlUrl } from './repository.js'

/** `[api] DEFAULT_MAX_BLOB_SIZE`: larger files come without content. */
export const maxBlobBytes = 10 * 1024 * 1024
const maxPointerBytes = 1024

export interface ResolvedRef {
  /** As the caller wrote it; goes into the addresses. */
  readonly input: string
  readonly kind: 'branch' | 'tag' | 'commit'
  readonly commit: string
}

/** What to add to the bare metadata. */
export interface ContentParts {
  readonly content: boolean
  readonly lfs: boolean
  readonly commit: boolean
  readonly message: boolean
}

/** Go's util.PathEscapeSegments. */
export function escapeSegments(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/%(24|26|2B|3A|3D|40)/g, (code) => decodeURIComponent(code)))
    .join('/')
}

/** The two fields of a Git LFS pointer file; undefined for any other content. */
export function parsePointer(bytes: Buffer): { lfs_oid: string; lfs_size: number } | undefined {
  if (bytes.length === 0 || bytes.length >= maxPointerBytes) return undefined
  const pointer = /^version https:\/\/git-lfs[^\n]*\noid sha256:([0-9a-f]{64})\nsize (\d+)\n?$/.exec(
    bytes.toString('utf8'),
  )
  return pointer?.[1] ? { lfs_oid: pointer[1], lfs_size: Number(pointer[2]) } : undefined
}

/** An entry with what was read for it. */
export interface ContentItem {
  /** Its `path` is the last segment only. */
  readonly entry: TreeEntry
  /** The whole path. */
  readonly path: string
  readonly parts: ContentParts
  readonly lastCommit: Commit | undefined
  /** Its bytes, where `needsBytes` asks for them. */
  readonly object: GitObject | undefined
}

/** Whether an entry cannot be shown without reading it. */
export function needsBytes(entry: TreeEntry, parts: ContentParts): boolean {
  if (entry.mode === '120000') return true
  if (entry.type !== 'blob' || entry.size > maxBlobBytes) return false
  return parts.content || (parts.lfs && entry.size < maxPointerBytes)
}

function presentFileBody({ parts, object }: ContentItem): Record<string, unknown> {
  return {
    encoding: parts.content && object ? 'base64' : null,
    content: parts.content && object ? object.bytes.toString('base64') : null,
  }
}

async function findSubmoduleUrl(repository: Repository, ref: ResolvedRef, path: string): Promise<string | null> {
  const file = await readObject(repository.gitDirectory, `${ref.commit}:.gitmodules`)
  const sections = file?.bytes.toString('utf8').split(/^\[submodule /m) ?? []
  const section = sections.find((text) => /^\s*path\s*=\s*(.+)$/m.exec(text)?.[1]?.trim() === path)
  return section === undefined ? null : (/^\s*url\s*=\s*(.+)$/m.exec(section)?.[1]?.trim() ?? null)
}

const kinds: Readonly<Record<string, string>> = { '040000': 'dir', '120000': 'symlink', '160000': 'submodule' }

/** One entry in the form all three content endpoints share. */
export async function presentContent(
  instance: Instance,
  repository: Repository,
  ref: ResolvedRef,
  item: ContentItem,
): Promise<Record<string, unknown>> {
  const { entry, path, parts, lastCommit, object } = item
  const kind = kinds[entry.mode] ?? 'file'
  const isSubmodule = kind === 'submodule'
  const escaped = escapeSegments(path)
  const self = `${apiUrl(instance, repository)}/contents/${escaped}?ref=${encodeURIComponent(ref.input).replace(/%20/g, '+')}`
  const place = `${ref.kind}/${escapeSegments(ref.kind === 'commit' ? ref.commit : ref.input)}/${escaped}`
  const html = isSubmodule ? null : `${htmlUrl(instance, repository)}/src/${place}`
  const git = isSubmodule ? null : `${apiUrl(instance, repository)}/git/blobs/${entry.id}`
  return {
    name: entry.path,
    path,
    sha: entry.id,
    ...(parts.commit && lastCommit
      ? {
          last_commit_sha: lastCommit.id,
          last_committer_date: lastCommit.committer.date,
          last_author_date: lastCommit.author.date,
        }
      : {}),
    ...(parts.message && lastCommit ? { last_commit_message: lastCommit.message } : {}),
    type: kind,
    size: entry.size,
    ...(kind === 'file' ? presentFileBody(item) : { encoding: null, content: null }),
    target: kind === 'symlink' ? (object?.bytes.toString('utf8') ?? null) : null,
    url: self,
    html_url: html,
    git_url: git,
    download_url: kind === 'file' || kind === 'symlink' ? `${htmlUrl(instance, repository)}/raw/${place}` : null,
    submodule_git_url: isSubmodule ? await findSubmoduleUrl(repository, ref, path) : null,
    _links: { self, git, html },
    ...(kind === 'file' && object ? parsePointer(object.bytes) : undefined),
  }
}
