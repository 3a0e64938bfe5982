import { fileURLToPath } from 'node:url'
import { createApp } from '../app.js'
import { loadConfig } from '../config/config.js'
import { findUnusedSettings } from '../config/env.js'
import { createLogger } from '../lib/logger.js'
import { VERSION } from '../lib/version.js'
import type { Command } from './command.js'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the server',
  usage: [
    'aegis serve',
    '',
    'Runs the server with the settings of .env and the environment.',
    'SIGHUP reads the policy file again; SIGTERM and SIGINT finish what is under way and stop.',
    '',
  ].join('\n'),
  run: async (_args, { env }) => {
    const config = loadConfig(env)
    const log = createLogger(config.logLevel)
    const unused = findUnusedSettings(env)
    if (unused.length > 0) {
      log.warn({ settings: unused }, 'settings_without_effect')
    }
    // `migrations` lies beside `dist`, in the repository and in the image
    const app = await createApp(config, log, { migrationsPath: findMigrations() })
    const address = await app.listen()
    log.info({ version: VERSION, ...address, url: config.publicBaseUrl, gitea: config.gitea.url }, 'listening')
    if (config.gitea.checkAtStart && !(await app.isGiteaReachable())) {
      log.warn({ gitea: config.gitea.url }, 'gitea_not_reachable')
    }
    process.on('SIGHUP', () => app.reloadPolicy())
    await untilStopped()
    log.info({}, 'stopping')
    await app.close()
    log.info({}, 'stopped')
    log.flush()
    return 0
  },
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => resolve())
    }
  })
}

function findMigrations(): string {
  return fileURLToPath(new URL('../migrations', import.meta.url))
}
