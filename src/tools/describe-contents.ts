import { quoteOdd } from './entry-list.js'
import type { FileAnswer } from './file-answer.js'
import { count, describeCut, describeHidden, toOneLine, toSize, toText } from './lines.js'

/**
 * One head line, then the content: nothing in a file can pose as ours, because ours comes first.
 *
 * @param more what to pass besides `start_line` to continue
 */
export function describeContents(found: FileAnswer, name: string, more = ''): string {
  const size = toSize(found.size_bytes ?? 0)
  const target = toOneLine(found.target ?? '')
  switch (found.type) {
    case 'file': {
      if (!found.lines || found.lines.totalLines === 0) return `${name} is empty.`
      const cut = describeCut({ ...found.lines, text: '' }).replace(' start_line=', ` ${more}start_line=`)
      const encoding = found.encoding === undefined ? '' : `; read as ${found.encoding}`
      return `${name}, ${size}${encoding}${cut}:\n${found.text ?? ''}`
    }
    case 'binary':
      return `${name} is a binary file of ${size}; its content is not shown.`
    case 'too_large':
      return `${name} has ${size}; this server reads files up to ${toSize(found.limit_bytes ?? 0)} (MAX_FILE_SIZE_BYTES).`
    case 'lfs':
      return `${name} is kept in Git LFS: ${size}, ${target}. The repository holds only this pointer.`
    case 'symlink':
      return `${name} is a symbolic link to ${target}. Links are not followed: ask for the file it points to.`
    case 'submodule':
      return `${name} is a submodule: another repository${target === '' ? '' : `, ${target}`}.`
    case 'folder':
      return toText([
        `${name} is a folder with ${count(found.names?.length ?? 0, 'entry', 'entries')}; get_file_tree lists more of it.`,
        (found.names ?? []).slice(0, 200).map(quoteOdd).join(' '),
        describeHidden(found.hidden ?? 0, 'entry', 'entries'),
      ])
    case 'refused':
      return `${name}: ${found.reason ?? ''}`
  }
}
