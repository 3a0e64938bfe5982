// A server's audit log in a process of its own, to be killed: node crash-child.mjs <mode> <database> <key file> <run>
// Prints a line for each entry that was acknowledged, with a synchronous write, so that no acknowledgement is lost.
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createCheckpointSigner } from '../../src/audit/checkpoint.js'
import { type AuditLog, openAuditLog } from '../../src/audit/log.js'
import { openStore } from '../../src/db/open.js'
import { systemClock } from '../../src/lib/clock.js'
import { AppError } from '../../src/lib/errors.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { callOutcome, pendingCall } from './calls.js'

const [mode, path = '', keyFile = '', run = '', migrationsPath = ''] = process.argv.slice(2)

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

async function callForever(log: AuditLog, caller: string): Promise<never> {
  for (let index = 0; ; index++) {
    const call = `${run}-${caller}-${index}`
    const { seq, hash } = await log.record(pendingCall(call))
    say(`recorded ${seq} ${hash}`)
    await delay(index % 3)
    log.recordSoon(callOutcome(call))
    if (index % 5 === 0) {
      const denied = await log.record({ type: 'access_denied', reason: 'policy', request_id: call })
      say(`recorded ${denied.seq} ${denied.hash}`)
    }
  }
}

async function callUntilRefused(log: AuditLog): Promise<void> {
  for (let index = 0; ; index++) {
    try {
      const { seq, hash } = await log.record(pendingCall(`${run}-${index}`))
      say(`recorded ${seq} ${hash}`)
    } catch (error) {
      // what the test waits for
      say(`refused ${error instanceof AppError ? error.code : error}`)
      say(`health ${log.health().ok}`)
      return
    }
  }
}

try {
  const store = openStore({ path, migrationsPath })
  const log = openAuditLog(store, {
    clock: systemClock,
    signer: createCheckpointSigner(createPrivateKey(readFileSync(keyFile))),
    logger: createSilentLogger(),
    checkpointEvery: 25,
    checkpointIntervalMs: 20,
    lazyMs: 3,
  })
  say('open')
  if (mode === 'until-refused') {
    await callUntilRefused(log)
    process.exit(0)
  }
  await Promise.all(['a', 'b', 'c'].map((caller) => callForever(log, caller)))
} catch (error) {
  // the edge of this program
  say(`failed ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
