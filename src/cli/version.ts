import { VERSION } from '../lib/version.js'
import { type Command, Misuse, printLines } from './command.js'

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version',
  usage: 'aegis version\n',
  async run(args, { stdout }) {
    if (args.length > 0) {
      throw new Misuse('aegis version takes no arguments.')
    }
    printLines(stdout, `aegis ${VERSION} (node ${process.versions.node}, ${process.platform} ${process.arch})`)
    return 0
  },
}
