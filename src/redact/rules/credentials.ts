import { isBasicPair, isLikelyKey, isLikelyPassword, isMixed } from '../plausible.js'
import { findPrivateKeyEnd, findPrivateKeyStart } from '../private-key.js'
import { fake, fakeHex, fakeUpper, type SecretRule } from './secret-rule.js'

const dashes = '-'.repeat(5)
const pair = Buffer.from(`someone:${fake(12)}`).toString('base64')
const keyLines = `${fake(64)}\n${fake(64)}\n${fake(20)}==`

/** Keys and credentials of any service. Those that go by nothing but a name beside them come last. */
export const CREDENTIAL_RULES: readonly SecretRule[] = [
  {
    name: 'private-key',
    keywords: ['-----BEGIN', '---- BEGIN'],
    pattern: /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/y,
    findEnd: findPrivateKeyEnd,
    example: `${dashes}BEGIN RSA PRIVATE KEY${dashes}\n${keyLines}\n${dashes}END RSA PRIVATE KEY${dashes}`,
    counterExample: `The file begins with ${dashes}BEGIN PRIVATE KEY${dashes} and nothing else.`,
  },
  {
    name: 'private-key',
    keywords: ['-----END', '---- END'],
    pattern: /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/y,
    findStart: findPrivateKeyStart,
    example: `${keyLines}\n${dashes}END PRIVATE KEY${dashes}`,
    counterExample: `words\n${dashes}END PRIVATE KEY${dashes}`,
  },
  {
    name: 'putty-key',
    keywords: ['Private-Lines:'],
    pattern: /(Private-Lines: \d{1,4}\s{1,4})(?:(?!Private-MAC)[A-Za-z0-9+/=]{1,100}\r?\n?){1,400}/y,
    example: `PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n${fake(64)}\nPrivate-MAC: ${'0'.repeat(64)}`,
    counterExample: 'Private-Lines: 0\n\n',
  },
  {
    name: 'jwk-private-key',
    keywords: ['"d"'],
    pattern: /("d"\s{0,4}:\s{0,4}")[\w-]{40,1024}(?=")/y,
    example: `{"kty":"OKP","crv":"Ed25519","d":"${fake(43)}","x":"${'A'.repeat(43)}"}`,
    counterExample: '{"d":"M12 2L2 7l10 5 10-5-10-5z"}',
  },
  {
    name: 'age-key',
    keywords: ['AGE-SECRET-KEY-1'],
    pattern: /AGE-SECRET-KEY-1[A-Z0-9]{58}/y,
    example: `AGE-SECRET-KEY-1${fakeUpper(58)}`,
    counterExample: 'AGE-SECRET-KEY-1…',
  },
  {
    name: 'jwt',
    keywords: ['eyJ'],
    // the boundary keeps the cost linear: inside one long run of these letters only its beginning is tried
    pattern: /(?<![\w-])eyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{0,4096}/y,
    example: `eyJ${fake(17)}.eyJ${fake(60)}.${fake(43)}`,
    counterExample: `eyJ${fake(17)} is how every token begins`,
  },
  {
    name: 'url-password',
    keywords: ['://'],
    pattern: /(:\/\/[^\s:@/"'<>`]{0,100}:)[^\s@/"'<>`[\]]{1,256}(?=@)/y,
    isSecret: (found) => !/^(?:[$%{*]|x+$|\.+$)/i.test(found),
    example: `postgres://app:${fake(10)}@db.example.com:5432/app`,
    counterExample: 'https://example.com:8443/@someone',
  },
  {
    name: 'url-token',
    keywords: ['://'],
    pattern: /(:\/\/)[\w-]{30,256}(?=@)/y,
    example: `https://${fakeHex(40)}@gitea.example.com/acme/web.git`,
    counterExample: 'ssh://git@gitea.example.com/acme/web.git',
  },
  {
    name: 'basic-authorization',
    keywords: ['basic'],
    pattern: /(basic\s{1,4})[A-Za-z0-9+/]{8,2048}={0,2}/iy,
    isSecret: isBasicPair,
    example: `Authorization: Basic ${pair}`,
    counterExample: 'Basic authentication is off',
  },
  {
    name: 'bearer-authorization',
    keywords: ['bearer'],
    pattern: /(bearer\s{1,4})[\w.~+/=-]{16,8192}/iy,
    isSecret: isLikelyKey,
    example: `Authorization: Bearer ${fake(40)}`,
    counterExample: 'Bearer authentication-required',
  },
  {
    name: 'docker-auth',
    keywords: ['auth'],
    pattern: /(auth\\?["']\s{0,4}:\s{0,4}\\?["'])[A-Za-z0-9+/]{8,4096}={0,2}/iy,
    isSecret: isBasicPair,
    example: `{"auths":{"registry.example.com":{"auth":"${pair}"}}}`,
    counterExample: '{"auth": "required"}',
  },
  {
    name: 'netrc-password',
    keywords: ['login'],
    pattern: /(login\s{1,8}\S{1,128}\s{1,8}password\s{1,8})[^\s[]\S{0,255}/y,
    example: `machine gitea.example.com login someone password ${fake(9)}`,
    counterExample: 'login page asks for a password twice',
  },
  {
    name: 'password',
    keywords: ['password', 'passwd', 'passphrase', 'pwd'],
    pattern:
      /((?:password|passwd|passphrase|pwd)(?![\w-]{0,20}(?:algo|file|path|policy|length))[\w-]{0,20}\\?["'`]?\s{0,8}(?::=|=>|[:=])\s{0,8}\\?["'`]?)(?:(?<=")[^"\n\\]{4,256}|(?<=')[^'\n]{4,256}|(?<=`)[^`\n]{4,256}|[^\s"'`,;]{4,256})/iy,
    isSecret: isLikelyPassword,
    example: `DB_PASSWORD: "${fake(8)}!"`,
    counterExample: 'password: string, passwordAgain = config.password2',
  },
  {
    name: 'secret-value',
    keywords: [
      'secret',
      'token',
      'api_key',
      'apikey',
      'api-key',
      'access_key',
      'accesskey',
      'auth_key',
      'private_key',
      'signing_key',
      'encryption_key',
      'master_key',
      'credential',
    ],
    pattern:
      /((?:secret|token|api[_-]?key|access_?key|auth_key|private_key|signing_key|encryption_key|master_key|credential)[\w-]{0,30}\\?["'`]?\s{0,8}(?::=|=>|[:=])\s{0,8}\\?["'`]?)[\w+/.~:-]{12,4096}={0,2}/iy,
    isSecret: isLikelyKey,
    example: `api_key = '${fake(24)}'`,
    counterExample: 'tokenFile: /run/secrets/token-2, secret_name = "web-tls-2024"',
  },
  {
    name: 'secret-parameter',
    keywords: ['token=', 'secret=', 'password=', 'api_key=', 'apikey=', 'access_key='],
    pattern: /((?:token|secret|password|api_?key|access_key)=)[\w.~+/%-]{8,2048}/iy,
    isSecret: (found) => isMixed(found) && (isLikelyKey(found) || isLikelyPassword(`${found}!`)),
    example: `https://ci.example.com/hook?token=${fake(10)}`,
    counterExample: 'https://ci.example.com/login?token=required',
  },
]
