import { policyJsonSchema } from '../../src/policy/schema.js'

/** JSON Schema of the policy file, for editors. */
export function generatePolicySchema(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`
}
