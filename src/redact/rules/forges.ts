import { fake, fakeBase32, fakeHex, type SecretRule } from './secret-rule.js'

/** Gitea and other forges, package registries, and our own tokens. */
export const FORGE_RULES: readonly SecretRule[] = [
  {
    // Gitea's own tokens are bare hex, which is also what commits look like: only a name beside it tells them apart
    name: 'gitea-token',
    keywords: ['gitea', 'forgejo'],
    pattern:
      /((?:gitea|forgejo)[\w.-]{0,30}\\?["'`]?\s{0,4}[:=]>?\s{0,4}\\?["'`]?(?:token\s{1,4})?)[0-9a-f]{40}(?![0-9a-f])/iy,
    example: `GITEA_TOKEN=${fakeHex(40)}`,
    counterExample: `gitea commit ${fakeHex(40)}`,
  },
  {
    name: 'access-token',
    keywords: ['token'],
    pattern: /(token\\?["'`]?[\s:=]{1,4}\\?["'`]?)[0-9a-f]{40}(?![0-9a-f])/iy,
    example: `Authorization: token ${fakeHex(40)}`,
    counterExample: `tokens counted at commit ${fakeHex(40)}`,
  },
  {
    name: 'gitea-oauth-secret',
    keywords: ['gto_'],
    pattern: /gto_[a-z2-7]{52}/y,
    example: `gto_${fakeBase32(52)}`,
    counterExample: 'gto_next_page',
  },
  {
    name: 'gitea-oauth-code',
    keywords: ['gta_'],
    pattern: /gta_[a-z2-7]{52}/y,
    example: `gta_${fakeBase32(52)}`,
    counterExample: 'gta_vice_city',
  },
  {
    name: 'aegis-token',
    keywords: ['agm_'],
    pattern: /agm_(?:at|rt|ac|ak|cs)_[\w-]{20,200}/y,
    example: `agm_at_${fake(54)}`,
    counterExample: `agm_cl_${fake(22)}`,
  },
  {
    name: 'github-token',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /gh[pousr]_[A-Za-z0-9]{36,255}/y,
    example: `ghp_${fake(36)}`,
    counterExample: 'ghp_short',
  },
  {
    name: 'github-token',
    keywords: ['github_pat_'],
    pattern: /github_pat_\w{22,255}/y,
    example: `github_pat_${fake(22)}_${fake(59)}`,
    counterExample: 'github_pat_name',
  },
  {
    name: 'gitlab-token',
    keywords: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glsoat-', 'glimt-', 'glagent-', 'gloas-'],
    pattern: /gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[\w.=-]{20,300}/y,
    example: `glpat-${fake(20)}`,
    counterExample: 'glpat-prefix',
  },
  {
    name: 'bitbucket-token',
    keywords: ['ATBB'],
    pattern: /(?<![A-Za-z0-9])ATBB[\w=.-]{24,200}/y,
    example: `ATBB${fake(32)}`,
    counterExample: 'ATBB-guide',
  },
  {
    name: 'atlassian-token',
    keywords: ['ATATT3', 'ATCTT3'],
    pattern: /AT[AC]TT3[\w=-]{30,300}/y,
    example: `ATATT3xFfGF0${fake(60)}`,
    counterExample: 'ATATT3 is the prefix',
  },
  {
    name: 'npm-token',
    keywords: ['npm_'],
    pattern: /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/y,
    example: `npm_${fake(36)}`,
    counterExample: 'npm_config_registry=https://registry.example',
  },
  {
    name: 'npmrc-auth',
    keywords: ['_auth', '_password'],
    pattern: /(_(?:authToken|auth|password)\s{0,4}=\s{0,4}["']?)[^\s"'$[]{8,4096}/y,
    example: `//npm.example.com/:_authToken=${fake(30)}`,
    // the value comes from the environment
    counterExample: ['//npm.example.com/:_authToken=$', '{NPM_TOKEN}'].join(''),
  },
  {
    name: 'pypi-token',
    keywords: ['pypi-'],
    pattern: /pypi-[\w-]{50,1000}/y,
    example: `pypi-AgEIcHlwaS5vcmc${fake(60)}`,
    counterExample: 'pypi-publish-workflow',
  },
  {
    name: 'rubygems-token',
    keywords: ['rubygems_'],
    pattern: /rubygems_[0-9a-f]{48}/y,
    example: `rubygems_${fakeHex(48)}`,
    counterExample: 'rubygems_version = 3.5',
  },
  {
    name: 'crates-token',
    keywords: ['cio'],
    pattern: /(?<![A-Za-z0-9_])cio[A-Za-z0-9]{32}(?![A-Za-z0-9])/y,
    example: `cio${fake(32)}`,
    counterExample: `servicio${fake(32)}`,
  },
  {
    name: 'nuget-key',
    keywords: ['oy2'],
    pattern: /(?<![A-Za-z0-9])oy2[a-z0-9]{43}(?![A-Za-z0-9])/y,
    example: `oy2${fakeBase32(43)}`,
    counterExample: 'boy2man',
  },
  {
    name: 'docker-token',
    keywords: ['dckr_pat_', 'dckr_oat_'],
    pattern: /dckr_[po]at_[\w-]{20,100}/y,
    example: `dckr_pat_${fake(27)}`,
    counterExample: 'dckr_pat_ is the prefix',
  },
  {
    name: 'sonarqube-token',
    keywords: ['sqp_', 'squ_', 'sqa_'],
    pattern: /(?<![A-Za-z0-9])sq[pua]_[0-9a-f]{40}/y,
    example: `squ_${fakeHex(40)}`,
    counterExample: 'squ_are',
  },
]
