import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU time a process has used so far, kernel included, in milliseconds (Linux). */
export function readCpuMs(pid: number): number {
  const [own = 0, inKernel = 0] = readTimes(pid)
  return own + inKernel
}

/** As `readCpuMs`, with the programs it has started and that have ended: Gitea runs git. */
export function readCpuWithChildrenMs(pid: number): number {
  return readTimes(pid).reduce((sum, time) => sum + time, 0)
}

function readTimes(pid: number): number[] {
  // the command name in parentheses may hold spaces; fields are counted behind it
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return fields.slice(11, 15).map((ticks) => (Number(ticks) * 1000) / TICKS_PER_SECOND)
}

/** Resident memory of a process in MiB (Linux). */
export function readResidentMib(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1024)
}
