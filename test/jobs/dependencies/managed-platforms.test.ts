import { describe, expect, test } from 'vitest'
import { listUsed, scan } from './scan-files.js'

test('Maven: ranges without end, snapshots, twice, no licence; versions from properties', () => {
  const pom = `<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <artifactId>ferry</artifactId>
  <properties><jackson.version>2.17.0</jackson.version></properties>
  <dependencies>
    <dependency><groupId>com.fasterxml</groupId><artifactId>jackson</artifactId><version>\${jackson.version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>[1.7,)</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>2.0.0</version></dependency>
    <dependency><groupId>harbor</groupId><artifactId>tides</artifactId><version>1.0-SNAPSHOT</version></dependency>
    <dependency><groupId>harbor</groupId><artifactId>managed</artifactId></dependency>
  </dependencies>
</project>`

  expect(scan({ 'pom.xml': pom }).lines).toEqual([
    'missing-licence pom.xml licenses',
    'duplicate-entry pom.xml:8 org.slf4j:slf4j-api',
    'floating-range pom.xml:7 org.slf4j:slf4j-api',
    'floating-range pom.xml:9 harbor:tides',
  ])
  expect(listUsed({ 'pom.xml': pom })).toEqual(['com.fasterxml:jackson 2.17.0', 'org.slf4j:slf4j-api 2.0.0'])
})

describe('Composer', () => {
  const manifest = JSON.stringify(
    {
      name: 'harbor/ferry',
      require: { php: '>=8.2', 'monolog/monolog': '^3.0', 'guzzlehttp/guzzle': '*', 'harbor/tides': 'dev-main' },
    },
    undefined,
    2,
  )

  test('composer.json alone', () => {
    expect(scan({ 'composer.json': manifest }).lines).toEqual([
      'missing-licence composer.json license',
      'missing-lockfile composer.json composer.json',
      'floating-range composer.json:6 guzzlehttp/guzzle',
      'floating-range composer.json:7 harbor/tides',
    ])
  })

  test('with its lock: abandoned packages and what is out of step', () => {
    const lock = JSON.stringify(
      {
        packages: [
          { name: 'monolog/monolog', version: '2.9.0' },
          { name: 'guzzlehttp/guzzle', version: '7.8.0', abandoned: 'symfony/http-client' },
        ],
      },
      undefined,
      2,
    )
    expect(scan({ 'composer.json': manifest, 'composer.lock': lock }).lines.slice(3)).toEqual([
      'lockfile-outside-range composer.json:5 monolog/monolog',
      'lockfile-missing-entry composer.json:7 harbor/tides',
      'deprecated-package composer.lock:8 guzzlehttp/guzzle@7.8.0',
    ])
  })
})

describe('RubyGems', () => {
  const gemfile = `source 'https://rubygems.org'
gem 'rails', '~> 7.1.0'
gem "pg", ">= 1.5"
gem 'puma'
gem 'tides', path: '../tides'
gem 'clock', git: 'https://gitea.example/harbor/clock', branch: 'main'
gem 'puma', '~> 6.0'
`

  test('Gemfile alone', () => {
    expect(scan({ Gemfile: gemfile }).lines).toEqual([
      'unpinned-source Gemfile:6 clock',
      'missing-lockfile Gemfile Gemfile',
      'duplicate-entry Gemfile:7 puma',
      'floating-range Gemfile:3 pg',
      'floating-range Gemfile:4 puma',
    ])
  })

  test('with its lock', () => {
    const lock =
      'GEM\n  remote: https://rubygems.org/\n  specs:\n    pg (1.5.6-x86_64-linux)\n    rails (7.2.1)\n      activesupport (= 7.2.1)\n\nDEPENDENCIES\n  rails (~> 7.1.0)\n'

    expect(
      scan({ Gemfile: gemfile, 'Gemfile.lock': lock }).lines.filter((line) => line.startsWith('lockfile')),
    ).toEqual(['lockfile-outside-range Gemfile:2 rails', 'lockfile-missing-entry Gemfile:4 puma'])
    expect(listUsed({ 'Gemfile.lock': lock })).toEqual(['pg 1.5.6-x86_64-linux', 'rails 7.2.1'])
  })
})

describe('NuGet', () => {
  const project = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Serilog" Version="4.0.0" />
    <PackageReference Include="Polly" Version="8.*" />
    <PackageReference Include="Dapper"><Version>[2.1,)</Version></PackageReference>
    <PackageReference Include="serilog" Version="4.1.0" />
  </ItemGroup>
</Project>`

  test('a project that asks for a lock file and has none', () => {
    expect(scan({ 'src/Ferry.csproj': project }).lines).toEqual([
      'missing-lockfile src/Ferry.csproj src/Ferry.csproj',
      'duplicate-entry src/Ferry.csproj:7 serilog',
      'floating-range src/Ferry.csproj:5 Polly',
      'floating-range src/Ferry.csproj:6 Dapper',
    ])
    expect(listUsed({ 'src/Ferry.csproj': project })).toEqual(['Serilog 4.0.0', 'serilog 4.1.0'])
  })

  test('packages.lock.json below what the project asks for; central versions', () => {
    const lock = JSON.stringify({
      dependencies: {
        'net9.0': { Serilog: { resolved: '3.1.1' }, Polly: { resolved: '8.4.0' }, Dapper: { resolved: '2.1.35' } },
      },
    })
    const central = '<Project><ItemGroup><PackageVersion Include="Npgsql" Version="*" /></ItemGroup></Project>'

    const { lines } = scan({
      'src/Ferry.csproj': project,
      'src/packages.lock.json': lock,
      'Directory.Packages.props': central,
    })
    expect(lines).toContain('lockfile-outside-range src/Ferry.csproj:4 Serilog')
    expect(lines).toContain('floating-range Directory.Packages.props:1 Npgsql')
    expect(lines.filter((line) => line.startsWith('missing'))).toEqual([])
  })
})
