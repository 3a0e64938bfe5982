import type { ApiKeySettings } from '../config/api-keys.js'
import type { Logger } from '../lib/logger.js'

/** Says at start which ways in are open beside signing in, the dangerous ones loudly. */
export function reportOpenings({ fromSettings, allowInAddress, openAs }: ApiKeySettings, log: Logger): void {
  if (fromSettings.length > 0) {
    log.info({ keys: fromSettings.length, setting: 'MCP_API_KEYS' }, 'api_key_authentication_enabled')
  }
  if (allowInAddress) {
    log.warn({ setting: 'ALLOW_QUERY_API_KEY' }, 'api_keys_in_addresses_allowed')
  }
  if (openAs !== undefined) {
    log.warn({ setting: 'AUTH_ENABLED', everyone_is: openAs }, 'authentication_disabled')
  }
}
