import { parseArgs } from 'node:util'
import { listKeys, rotateKey } from '../config/key-files.js'
import { InvalidInput } from '../lib/errors.js'
import { type Command, type CommandIo, Misuse, printLines } from './command.js'
import { checkOwner, toDatabasePath, toKeyFolder } from './state-file.js'

const KINDS = {
  'token-encryption': {
    setting: 'TOKEN_ENCRYPTION_KEYS',
    howElse: 'Put a new entry first in it and keep the others: k2:<openssl rand -base64 32>,k1:…',
    afterwards:
      'At that start everything stored is encrypted anew with it. Earlier keys are kept, because backups still need them.',
  },
  'audit-signing': {
    setting: 'AUDIT_SIGNING_KEY_PATH',
    howElse: 'Point it at a new key (openssl genpkey -algorithm ed25519) and keep the old public key for verification.',
    afterwards:
      'Checkpoints from then on are signed with it. Publish the new public key: aegis audit public-key. Earlier keys are kept.',
  },
} as const

/** `aegis keyring`: the keys that were generated beside the database. */
export const keyringCommand: Command = {
  name: 'keyring',
  summary: 'list or rotate the keys that encrypt and sign what is stored',
  usage: `aegis keyring list
  Names the keys beside the database: what they are for, their ids, which one is in use.

aegis keyring rotate <token-encryption|audit-signing>
  Adds a new key and makes it the current one. Earlier keys stay for what they sealed or signed. A running server
  goes on with the key it loaded; the new one is used from its next start.
`,
  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    const [action, kind, ...more] = positionals
    if (more.length > 0) {
      throw new Misuse(`There is nothing to do with “${more[0]}”.`)
    }
    if (action === 'list' && kind === undefined) {
      return listRing(io)
    }
    if (action === 'rotate') {
      return rotate(kind, io)
    }
    throw new Misuse(action === undefined ? 'Name what to do: list or rotate.' : 'That is not a way to call it.')
  },
}

function listRing(io: CommandIo): number {
  const path = toDatabasePath(io)
  const keys = listKeys(path)
  for (const [kind, { setting }] of Object.entries(KINDS)) {
    if (isGivenBySetting(setting, io)) {
      printLines(io.stdout, `${kind}: given by ${setting}, not kept here`)
    }
    for (const key of keys.filter((each) => each.kind === kind)) {
      printLines(io.stdout, `${kind}: ${key.id}${key.current ? ' (current)' : ''}`)
    }
  }
  if (keys.length === 0) {
    printLines(io.stdout, `There are no keys in ${toKeyFolder(path)} yet. The server makes them at its first start.`)
  }
  return 0
}

function rotate(kind: string | undefined, io: CommandIo): number {
  if (kind !== 'token-encryption' && kind !== 'audit-signing') {
    throw new Misuse('Name the key to rotate: token-encryption or audit-signing.')
  }
  const { setting, howElse, afterwards } = KINDS[kind]
  if (isGivenBySetting(setting, io)) {
    throw new InvalidInput(`This key is given by ${setting}, so it is rotated there. ${howElse}`)
  }
  const path = toDatabasePath(io)
  checkOwner(path)
  const id = rotateKey(path, kind)
  printLines(
    io.stdout,
    `The new ${kind} key is ${id}. It takes effect at the next start of the server.`,
    afterwards,
    `Back up ${toKeyFolder(path)} now, apart from the database.`,
  )
  return 0
}

function isGivenBySetting(setting: string, { env }: CommandIo): boolean {
  return (env[setting] ?? '') !== ''
}
