import { build } from 'esbuild'

/** One readable file that an auditor can run with nothing but Node: the verifier that the server itself uses. */
export async function generateVerifier(): Promise<string> {
  const result = await build({
    entryPoints: ['src/audit/verify-main.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: '#!/usr/bin/env node\n// Generated from src/audit/verify.ts by npm run gen. Needs nothing but Node.',
    },
  })
  return result.outputFiles[0]?.text ?? ''
}
