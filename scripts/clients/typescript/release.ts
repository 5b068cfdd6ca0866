// Releases all published flows of a workspace to another one, and can be repeated at any time: `plan` tells what an export
// would do, `export` does it, all flows or none, `publish` publishes and starts the flows; each does first what comes
// before it. `undo` undoes what was exported and isn't published. What is sent with an idempotency key is written to a
// file before, so that a client that was killed sends the same again:
//
//     npm ci --ignore-scripts && npm run build
//     node build/release.js publish --from ID --to ID --map ID=ID --file release.json

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  ExportDocument, FlowsToReleaseDocument, PlanDocument, PublishDocument, UndoDocument,
  type ExportFlowsInput, type FlowsToReleaseQuery, type TypedDocumentString,
} from './documents.js'

// The codes of what may be sent again as it is.
const PASSING = new Set(['GONE', 'RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'SHUTTING_DOWN', 'TIMEOUT'])
const PAUSE_SECONDS = 0.5

// The server won't do it, and says why.
class Refused extends Error {}

type Answer<Data> = { data: Data; errors?: { message: string; extensions: { code: string } }[] }

class Api {
  constructor(private url: string, private token: string, private patienceSeconds: number) {}

  // Sends an operation until it is answered; what is sent twice is done once by its idempotency key.
  async ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> {
    const deadline = Date.now() + this.patienceSeconds * 1000
    const body = JSON.stringify({ query: document.toString(), variables })
    const headers = { 'Authorization': `Bearer ${this.token}`, 'Content-Type': 'application/json' }
    for (;;) {
      let [seconds, reason] = [PAUSE_SECONDS, '']
      try {
        const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers, body })
        const answer = await response.json() as Answer<Data>
        const errors = answer.errors ?? []
        if (errors.length === 0) return answer.data
        reason = errors.map(error => error.message).join('\n')
        if (!errors.every(error => PASSING.has(error.extensions.code))) throw new Refused(reason)
        seconds = Number(response.headers.get('Retry-After') ?? seconds)
      } catch (error) {
        if (error instanceof Refused) throw error
        // There is no server, or what answers in its place is none of ours.
        reason = String(error)
      }
      if (Date.now() + seconds * 1000 > deadline) throw new Refused(`The server doesn't do it: ${reason}`)
      await pause(seconds * 1000)
    }
  }
}

type Exported = { flowId: string; revision: number; exportId: string }
type State = { input?: ExportFlowsInput; exported?: Exported[] }

// What is to be exported and the result, in a file that is there whole or not at all.
class Release {
  state: State

  constructor(private file: string) {
    this.state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as State : {}
  }

  save(more: State): void {
    this.state = { ...this.state, ...more }
    const written = openSync(`${this.file}.new`, 'w')
    writeSync(written, JSON.stringify(this.state, null, 2))
    fsyncSync(written)
    closeSync(written)
    renameSync(`${this.file}.new`, this.file)
  }

  get input(): ExportFlowsInput {
    if (this.state.input === undefined) throw new Refused('Nothing is planned yet.')
    return this.state.input
  }

  get exported(): Exported[] {
    return this.state.exported ?? []
  }
}

// Decides what is exported: nothing, if any of the flows couldn't be published afterwards.
async function plan(api: Api, release: Release, from: string, to: string, map: string[]): Promise<void> {
  if (release.state.input !== undefined) return
  const items = (await flowsOf(api, from)).map(flowId => ({ flowId, destination: { workspaceId: to } }))
  const mappings = map.map(each => each.split('=')).map(([fromId = '', toId = '']) => ({ fromId, toId }))
  const planned = (await api.ask(PlanDocument, { input: { items, mode: 'ATOMIC', mappings } })).exportPlans
  if (!planned) throw new Refused('The server said nothing.')
  const { plans, errors } = planned
  refuse([...errors, ...plans.flatMap(each => [
    ...each.blockers.filter(blocker => blocker.code !== 'BATCH_NOT_APPLIED'), ...each.readiness?.blockers ?? [],
  ])])
  const seen = items.map((item, index) => ({ ...item, planFingerprint: plans[index]?.fingerprint ?? null }))
  release.save({ input: { items: seen, mode: 'ATOMIC', mappings, idempotencyKey: randomUUID() } })
}

async function flowsOf(api: Api, workspaceId: string): Promise<string[]> {
  const found: string[] = []
  for (let after: string | null = null; ;) {
    const { workspace }: FlowsToReleaseQuery = await api.ask(FlowsToReleaseDocument, { workspaceId, after })
    if (!workspace) throw new Refused(`There is no workspace ${workspaceId} that you can see.`)
    found.push(...workspace.flows.nodes.filter(flow => flow.publishedVersion).map(flow => flow.id))
    if (!workspace.flows.pageInfo.hasNextPage) return found
    after = workspace.flows.pageInfo.endCursor ?? null
  }
}

// All flows or none. Repeated, it is answered as the first time.
async function exportAll(api: Api, release: Release): Promise<void> {
  if (release.exported.length > 0) return
  const payload = (await api.ask(ExportDocument, { input: release.input })).exportFlows
  if (!payload) throw new Refused('The server said nothing.')
  refuse([...payload.errors, ...payload.results.flatMap(result => result.errors)])
  release.save({ exported: payload.results.map(({ flow, draft, exportRecord }) => {
    if (!flow || !draft || !exportRecord) throw new Refused('What was exported is gone.')
    return { flowId: flow.id, revision: draft.revision, exportId: exportRecord.id }
  }) })
}

// Publishes and starts all flows or none, as they were exported: one that somebody has changed since is refused.
async function publish(api: Api, release: Release): Promise<void> {
  const items = release.exported.map(({ flowId, revision }) => ({ flowId, expectedRevision: revision }))
  const input = { items, mode: 'ATOMIC' as const, start: true, idempotencyKey: release.input.idempotencyKey ?? null }
  const payload = (await api.ask(PublishDocument, { input })).publishFlowDrafts
  if (!payload) throw new Refused('The server said nothing.')
  refuse([...payload.errors, ...payload.results.flatMap(result => result.errors)])
  tell(`published ${payload.succeeded} of ${items.length}`)
}

// Takes back what was exported. What was undone before stays so.
async function undo(api: Api, release: Release): Promise<void> {
  const exportIds = release.exported.map(({ exportId }) => exportId)
  if (exportIds.length === 0) return
  const payload = (await api.ask(UndoDocument, { input: { exportIds, mode: 'BEST_EFFORT' } })).undoExports
  if (!payload) throw new Refused('The server said nothing.')
  const errors = payload.results.flatMap(result => result.errors)
  refuse([...payload.errors, ...errors.filter(error => !('since' in error && error.since === 'ALREADY_UNDONE'))])
  tell(`undone ${exportIds.length}`)
}

function refuse(errors: { message: string }[]): void {
  if (errors.length > 0) throw new Refused([...new Set(errors.map(error => error.message))].sort().join('\n'))
}

function tell(line: string): void {
  writeSync(process.stdout.fd, `${line}\n`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: {
    from: { type: 'string', default: '' },
    to: { type: 'string', default: '' },
    map: { type: 'string', multiple: true, default: [] },
    file: { type: 'string', default: 'release.json' },
    url: { type: 'string', default: 'http://127.0.0.1:8000' },
    patience: { type: 'string', default: '60' },
    token: { type: 'string', default: process.env['RELEASE_TOKEN'] ?? '' },
  } })
  const [command] = positionals
  const api = new Api(values.url, values.token, Number(values.patience))
  const release = new Release(values.file)
  if (command === 'undo') return undo(api, release)
  if (command !== 'plan' && command !== 'export' && command !== 'publish') throw new Refused('plan, export, publish or undo?')
  await plan(api, release, values.from, values.to, values.map)
  tell(`planned ${release.input.items.length}`)
  if (command === 'plan') return
  await exportAll(api, release)
  tell(`exported ${release.exported.length}`)
  if (command === 'publish') await publish(api, release)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Refused ? error.message : String(error)}\n`)
  process.exitCode = 1
})
