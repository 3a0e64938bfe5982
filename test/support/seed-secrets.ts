/**
 * Files of the private repository, with secrets that look real and are none: AWS's documented example key pair and
 * values made of counting digits. Each is written in two halves so that scanners of this repository stay quiet.
 */
import type { FileContent } from './gitea-sandbox/git.js'

/** The secrets in harbor/infra, for tests that look for them in answers. */
export const seedSecrets = {
  awsAccessKeyId: `AKIA${'IOSFODNN7EXAMPLE'}`,
  awsSecretAccessKey: `wJalrXUtnFEMI/K7MDENG/${'bPxRfiCYEXAMPLEKEY'}`,
  giteaToken: `0123456789abcdef0123${'456789abcdef01234567'}`,
  databasePassword: `correct-horse-${'battery-staple'}`,
} as const

const deployEnv = `# Booking service, production
PORT=8080
LOG_LEVEL=info
DATABASE_URL=postgres://booking:${seedSecrets.databasePassword}@db.harbor.example:5432/booking
AWS_REGION=eu-north-1
AWS_ACCESS_KEY_ID=${seedSecrets.awsAccessKeyId}
AWS_SECRET_ACCESS_KEY=${seedSecrets.awsSecretAccessKey}
GITEA_TOKEN=${seedSecrets.giteaToken}
`

export function infraFiles(): Record<string, FileContent> {
  return {
    'README.md': '# infra\n\nMachines and deployments. Private: the files below `deploy/` hold credentials.\n',
    'deploy/booking.env': deployEnv,
    'deploy/hosts.yaml':
      'hosts:\n  - name: ferry-1\n    address: 192.0.2.10\n  - name: ferry-2\n    address: 192.0.2.11\n',
    'deploy/compose.yaml':
      'services:\n  booking:\n    image: registry.harbor.example/booking:2.14.0\n    env_file: booking.env\n',
    'runbooks/restore.md': '# Restore\n\n1. Stop the service.\n2. Restore the newest dump.\n3. Start it again.\n',
  }
}

export function notesFiles(): Record<string, FileContent> {
  return {
    'README.md': '# Field notes\n\nWhat I saw in the harbours.\n',
    'häfen/göteborg.md': '# Göteborg\n\nDer Kai ist neu.\n',
    'φάροι/λευκός.md': '# Λευκός\n',
    '港/横浜.md': '# 横浜\n\n霧の朝。\n',
    'with space/a # strange ? name+100%.md': 'Every one of these characters means something in an address.\n',
    'latest.md': { symlink: 'häfen/göteborg.md' },
    'photo.bin': Buffer.from([0, 1, 2, 3, 0xff, 0xfe, 0, 10, 0x80]),
  }
}
