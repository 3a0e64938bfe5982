import { CLOUD_RULES } from './rules/clouds.js'
import { CREDENTIAL_RULES } from './rules/credentials.js'
import { FORGE_RULES } from './rules/forges.js'
import type { SecretRule } from './rules/secret-rule.js'
import { SERVICE_RULES } from './rules/services.js'

/** Every kind of secret we look for. Where two match the same characters, the earlier one gives the name. */
export const SECRET_RULES: readonly SecretRule[] = [
  ...FORGE_RULES,
  ...CLOUD_RULES,
  ...SERVICE_RULES,
  ...CREDENTIAL_RULES,
]
