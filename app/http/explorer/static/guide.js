// The guided export and the guided release: one step after the other, each with the ids that the steps before it chose or made.
import { DemoTokens } from "./demo_tokens.js";
import { examplesAfterSignIn } from "./sign_in.js";
import { readExamples } from "./examples.js";
import { element, shownJson } from "./elements.js";
import { offerCopies, permalink } from "./copying.js";

const endpoint = location.pathname;
const part = (id) => document.getElementById(id);
const token = part("token"), run = part("run"), next = part("next"), status = part("status"), choices = part("choices");
const byName = ({ id, name }) => ({ id, name });
const nodes = ({ edges }) => edges.map(({ node }) => byName(node));
const optional = (what, options) => [{ id: "", name: what }, ...options];

/** Where the export goes: over a flow, or into a workspace. */
const destination = ({ override, workspace }) => (override ? { overrideFlowId: override } : { workspaceId: workspace });
const exported = (ids) => ({
  flowId: ids.flow, destination: destination(ids), bindings: ids.bindings ?? [],
  ...(ids.topic ? { topicId: ids.topic } : {}), ...(ids.fingerprint ? { planFingerprint: ids.fingerprint } : {}),
});

/** Each step: the ids that it needs, its variables, and what it offers for choice or carries on by itself. */
const EXPORT = [
  {
    name: "GuideFlow", title: "Flow", needs: [], variables: () => ({}), chooses: "flow",
    options: ({ nodes: workspaces }) => workspaces.flatMap(({ name: place, flows }) =>
      flows.nodes.map(({ id, name }) => ({ id, name: `${name} · ${place}` }))),
  },
  {
    name: "GuideContract", title: "Contract", needs: ["flow"], variables: ({ flow }) => ({ flowId: flow }),
    chooses: "contract", options: (offered) => offered.nodes.map(byName),
  },
  {
    name: "GuideWorkspace", title: "Workspace", needs: ["flow", "contract"], chooses: "workspace",
    variables: ({ flow, contract }) => ({ flowId: flow, contractId: contract }),
    options: ({ edges }) => edges.map(({ node, eligible }) => ({ ...byName(node), disabled: !eligible })),
  },
  {
    name: "GuideOverride", title: "Override", needs: ["flow", "workspace"], chooses: "override",
    variables: ({ flow, workspace }) => ({ flowId: flow, workspaceId: workspace }),
    options: (offered) => optional("None: as a new flow", nodes(offered)),
  },
  {
    name: "GuideTopic", title: "Topic", needs: ["flow", "workspace"], chooses: "topic",
    variables: ({ flow, workspace }) => ({ flowId: flow, workspaceId: workspace }),
    options: (offered) => optional("None", nodes(offered)),
  },
  {
    name: "GuideCredentials", title: "Credentials", needs: ["flow", "workspace"], chooses: "bindings",
    variables: ({ flow, workspace }) => ({ flowId: flow, workspaceId: workspace }),
  },
  {
    name: "GuidePlan", title: "Plan", needs: ["flow", "workspace"],
    variables: (ids) => ({ input: exported({ ...ids, fingerprint: undefined }) }),
    carries: ({ fingerprint }) => ({ fingerprint }),
  },
  {
    name: "GuideExport", title: "Export", needs: ["flow", "workspace", "fingerprint"],
    variables: (ids) => ({ input: exported(ids) }),
    carries: ({ flow, draft, exportRecord }) => ({ result: flow?.id, revision: draft?.revision, export: exportRecord?.id }),
  },
  {
    name: "GuideReadiness", title: "Readiness", needs: ["result"], variables: ({ result }) => ({ flowId: result }),
    carries: ({ draft }) => ({ revision: draft?.revision }),
  },
  {
    name: "GuidePublish", title: "Publish", needs: ["result", "revision"],
    variables: ({ result, revision }) => ({ input: { flowId: result, expectedRevision: revision } }),
    carries: ({ version }) => ({ version: version?.id }),
  },
  { name: "GuideHistory", title: "History", needs: ["result"], variables: ({ result }) => ({ flowId: result }) },
  { name: "GuideUndo", title: "Undo", needs: ["export"], variables: (ids) => ({ input: { exportId: ids.export } }) },
];

const RELEASE = [
  {
    name: "GuideReviewed", title: "Workspace", needs: [], variables: () => ({}), chooses: "workspace",
    options: (offered) => offered.nodes.filter(({ publishPolicy }) => publishPolicy === "REVIEWED").map(byName),
  },
  {
    name: "GuideDraft", title: "Draft", needs: ["workspace"], variables: ({ workspace }) => ({ workspaceId: workspace }),
    chooses: "draft", options: ({ flows }) => flows.nodes.map(({ id, name, draft: { revision } }) =>
      ({ id: `${id} ${revision}`, name: `${name}, revision ${revision}` })),
  },
  {
    name: "GuideRequest", title: "Request", needs: ["draft"],
    variables: ({ draft = "" }) => ({ input: { title: "A release of one flow", items: [revisionOf(draft)] } }),
    carries: ({ request }) => ({ release: request?.id }),
  },
  {
    name: "GuideReleases", title: "Requests", needs: ["workspace"], variables: ({ workspace }) => ({ workspaceId: workspace }),
    chooses: "release", options: ({ releaseRequests }) => releaseRequests.nodes.map(({ id, title }) => ({ id, name: title })),
  },
  { name: "GuideChanges", title: "Changes", needs: ["release"], variables: ({ release }) => ({ releaseId: release }) },
  { name: "GuideApprove", title: "Approve", needs: ["release"], variables: (ids) => decision(ids, "APPROVE") },
  { name: "GuideReject", title: "Reject", needs: ["release"], variables: (ids) => decision(ids, "REJECT") },
  { name: "GuideUndoRelease", title: "Undo", needs: ["release"], variables: ({ release }) => ({ input: { releaseId: release } }) },
];
const WALKS = { "": EXPORT, "#release": RELEASE };

function revisionOf(draft) {
  const [flowId, revision] = draft.split(" ");
  return { flowId, expectedRevision: Number(revision) };
}

function decision({ release }, taken) {
  return { input: { releaseId: release, decision: taken } };
}

/** The step before which each id is missing. */
const MAKER = { release: "Requests", result: "Export", revision: "Readiness", export: "Export", fingerprint: "Plan" };
let STEPS = EXPORT, documents = {}, current = 0, ids = {}, labels = {};

const demo = new DemoTokens({ field: token, group: part("demo"), note: part("token-note") });

function post(body, bearer) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  return fetch(endpoint, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", cache: "no-store" });
}

function request(step = STEPS[current]) {
  return { query: documents[step.name].document, variables: step.variables(ids) };
}

const missing = (step) => step.needs.filter((id) => ids[id] === undefined);

function say(text, kind = "") {
  status.textContent = text;
  status.className = `status ${kind}`;
}

/** Show a step without an answer. */
function open(place) {
  current = place;
  const step = STEPS[place];
  part("title").textContent = `${place + 1}. ${step.title}`;
  part("purpose").textContent = documents[step.name].title;
  choices.replaceChildren();
  part("result").replaceChildren();
  say("");
  refresh();
  part("title").focus();
}

/** Show what the step sends, and how far the export is. */
function refresh() {
  const step = STEPS[current], lacks = missing(step), shown = request();
  const before = lacks.map((id) => MAKER[id] ?? STEPS.find(({ chooses }) => chooses === id).title);
  part("missing").textContent = lacks.length ? `First: ${[...new Set(before)].join(", ")}.` : "";
  run.disabled = lacks.length > 0;
  next.disabled = current === STEPS.length - 1;
  part("query").textContent = shown.query;
  part("variables").replaceChildren(...shownJson(shown.variables));
  part("open").href = permalink(endpoint.split("/").at(-1), shown);
  part("steps").replaceChildren(...STEPS.map((each, place) => {
    const button = element("button", { type: "button" }, `${place + 1}. ${each.title}`);
    if (place === current) button.setAttribute("aria-current", "step");
    if (labels[each.name]) button.append(element("small", {}, labels[each.name]));
    button.addEventListener("click", () => open(place));
    return element("li", {}, button);
  }));
}

/** Keep what a step chose or made; what later steps chose or made rests on something else now. */
function carry(values, label) {
  const later = STEPS.slice(current + 1);
  const dropped = later.flatMap(({ chooses, name }) => [chooses, ...(name === "GuidePlan" ? ["fingerprint"] : [])]);
  if (STEPS[current].chooses) {
    ids = Object.fromEntries(Object.entries(ids).filter(([id]) => !dropped.includes(id)));
    for (const { name } of later) delete labels[name];
  }
  ids = { ...ids, ...values };
  labels[STEPS[current].name] = label;
  refresh();
}

async function runStep() {
  const step = STEPS[current];
  if (missing(step).length) return;
  say("…");
  try {
    const response = await post(request(step), token.value.trim());
    const answer = await response.json();
    if (step !== STEPS[current]) return;
    part("result").replaceChildren(...shownJson(answer));
    show(step, answer);
  } catch (error) {
    say(`The server can't be reached: ${error.message}`, "bad");
  }
}

function show(step, { data, errors }) {
  choices.replaceChildren();
  const payload = data?.offered ?? data?.done;
  const refusals = [...(errors ?? []), ...(payload?.errors ?? []), ...(payload?.blockers ?? [])];
  if (refusals.length || !payload) {
    say(refusals.length ? refusals.map(({ message }) => message).join(" ") : "There is nothing that you can see.", "bad");
    return;
  }
  say("Done.", "good");
  if (step.name === "GuideCredentials") offerBindings(payload);
  else if (step.chooses) offerChoice(step, step.options(payload));
  else carry(step.carries?.(payload) ?? {}, "done");
}

function select(text, options, chosen, changed) {
  const id = `choice-${choices.children.length}`;
  const field = element("select", { id }, ...options.map(({ id: value, name, disabled = false }) =>
    element("option", { value, disabled, selected: value === chosen }, disabled ? `${name} (not possible)` : name)));
  field.addEventListener("change", changed);
  choices.append(element("label", { htmlFor: id }, text), field);
  return field;
}

function offerChoice(step, options) {
  const possible = options.filter(({ disabled }) => !disabled);
  if (possible.length === 0) {
    say("Nothing can be chosen here: go back and choose otherwise.", "bad");
    return;
  }
  const chosen = possible.find(({ id }) => id === ids[step.chooses]) ?? possible[0];
  const keep = () => carry({ [step.chooses]: field.value }, field.selectedOptions[0].textContent);
  const field = select(step.title, options, chosen.id, keep);
  keep();
}

/** One choice for each step of the flow that needs a credential or a secret; the best match is chosen. */
function offerBindings(steps) {
  const fields = steps.map(({ stepId, stepName, candidates }) => {
    const options = candidates.map(({ credential }) => byName(credential));
    return select(`Step ${stepName ?? stepId}`, optional("None", options), options[0]?.id ?? "", keep);
  });
  const kinds = new Map(steps.flatMap(({ candidates }) => candidates.map(({ credential: { id, kind } }) => [id, kind.toLowerCase()])));
  keep();

  function keep() {
    const bound = steps.map(({ stepId }, place) => ({ stepId, id: fields[place].value })).filter(({ id }) => id);
    const bindings = bound.map(({ stepId, id }) => ({ stepId, [`${kinds.get(id)}Id`]: id }));
    carry({ bindings }, `${bindings.length} of ${fields.length} chosen`);
  }
}

function startAgain() {
  STEPS = WALKS[location.hash] ?? EXPORT;
  for (const walk of document.querySelectorAll(".walks a")) {
    if (walk.hash === location.hash) walk.setAttribute("aria-current", "page");
    else walk.removeAttribute("aria-current");
  }
  ids = {};
  labels = {};
  open(0);
}

run.addEventListener("click", runStep);
next.addEventListener("click", () => open(current + 1));
choices.addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  runStep();
});
part("demo").addEventListener("reset", startAgain);
addEventListener("hashchange", startAgain);
offerCopies(part("copies"), request, say);
await demo.offer(post);
const [{ operations }] = readExamples(await examplesAfterSignIn(endpoint, token, "guide.graphql"));
documents = Object.fromEntries(operations.map((each) => [each.name, each]));
startAgain();
document.documentElement.dataset.ready = "true";
