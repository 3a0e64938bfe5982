/** Endings of file names, or whole names where there is no dot in front. */
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  c: ['.c', '.h'],
  'c++': ['.cc', '.cpp', '.cxx', '.hpp', '.hh', '.hxx', '.h', '.ipp'],
  'c#': ['.cs', '.csx'],
  css: ['.css', '.scss', '.sass', '.less'],
  dart: ['.dart'],
  dockerfile: ['dockerfile', '.dockerfile', 'containerfile'],
  elixir: ['.ex', '.exs'],
  go: ['.go'],
  graphql: ['.graphql', '.gql'],
  haskell: ['.hs'],
  html: ['.html', '.htm', '.tmpl'],
  ini: ['.ini', '.cfg', '.conf', '.properties'],
  java: ['.java'],
  javascript: ['.js', '.mjs', '.cjs', '.jsx'],
  json: ['.json', '.jsonc', '.json5'],
  kotlin: ['.kt', '.kts'],
  lua: ['.lua'],
  makefile: ['makefile', 'gnumakefile', '.mk'],
  markdown: ['.md', '.markdown', '.mdx'],
  nix: ['.nix'],
  perl: ['.pl', '.pm'],
  php: ['.php'],
  protobuf: ['.proto'],
  python: ['.py', '.pyi', '.pyx'],
  r: ['.r', '.rmd'],
  ruby: ['.rb', '.rake', 'gemfile', 'rakefile'],
  rust: ['.rs'],
  scala: ['.scala', '.sc'],
  shell: ['.sh', '.bash', '.zsh', '.fish'],
  sql: ['.sql'],
  svelte: ['.svelte'],
  swift: ['.swift'],
  terraform: ['.tf', '.tfvars', '.hcl'],
  toml: ['.toml'],
  typescript: ['.ts', '.tsx', '.mts', '.cts'],
  vue: ['.vue'],
  xml: ['.xml', '.xsd', '.xslt', '.svg'],
  yaml: ['.yaml', '.yml'],
  zig: ['.zig'],
}

export const LANGUAGE_NAMES: readonly string[] = Object.keys(LANGUAGES)

const OTHER_NAMES: Readonly<Record<string, string>> = {
  bash: 'shell',
  cpp: 'c++',
  csharp: 'c#',
  docker: 'dockerfile',
  golang: 'go',
  js: 'javascript',
  md: 'markdown',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'shell',
  ts: 'typescript',
  yml: 'yaml',
}

/** Endings of a language's files, in lower case; undefined for a name that is not known. */
export function findLanguage(name: string): readonly string[] | undefined {
  const key = name.trim().toLowerCase()
  const found = OTHER_NAMES[key] ?? key
  return Object.hasOwn(LANGUAGES, found) ? LANGUAGES[found] : undefined
}
