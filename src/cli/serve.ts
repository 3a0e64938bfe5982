import { fileURLToPath } from 'node:url'
import { type App, createApp } from '../app.js'
import { type Config, loadConfig } from '../config/config.js'
import { findUnusedSettings } from '../config/env.js'
import { InvalidInput } from '../lib/errors.js'
import { createLogger } from '../lib/logger.js'
import { VERSION } from '../lib/version.js'
import { type Command, toErrorCode } from './command.js'

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
    const address = await startListening(app, config.listen)
    log.info({ version: VERSION, ...address, url: config.publicBaseUrl, gitea: config.gitea.url }, 'listening')
    log.flush()
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

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program. Stop that one, or set MCP_PORT to a free port',
  EACCES: 'may not be used by this user. Set MCP_PORT to a port above 1023',
  EADDRNOTAVAIL: 'cannot be used: this computer does not have that address. Set MCP_HOST to one it has',
  ENOTFOUND: 'cannot be used: nobody knows that name. Set MCP_HOST to an address of this computer',
}

/** @throws InvalidInput for what an operator can mend; everything that was opened is closed again */
async function startListening(app: App, { host, port }: Config['listen']): ReturnType<App['listen']> {
  try {
    return await app.listen()
  } catch (error) {
    await app.close()
    const problem = LISTEN_PROBLEMS[toErrorCode(error)]
    throw problem === undefined ? error : new InvalidInput(`Port ${port} of ${host} ${problem}.`, { cause: error })
  }
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
