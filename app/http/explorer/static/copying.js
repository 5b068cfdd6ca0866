// A request as a command or a program to copy, with $TOKEN in the place of the token, and as a link with the request in its fragment.

const PLACE = "TOKEN";

/** The request in each language. The token is never part of it: a program reads it from the environment. */
export const LANGUAGES = {
  curl: (url, body) => [
    `curl -s ${quoted(url)}`, `-H "Authorization: Bearer $${PLACE}"`, "-H 'Content-Type: application/json'",
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(" "),
  Python: (url, body) => `import json, os, urllib.request

body = ${python(body, "")}
headers = {"Authorization": f"Bearer {os.environ['${PLACE}']}", "Content-Type": "application/json"}
request = urllib.request.Request(${JSON.stringify(url)}, json.dumps(body).encode(), headers)
with urllib.request.urlopen(request) as response:
    print(json.dumps(json.load(response), indent=2))
`,
  JavaScript: (url, body) => `const response = await fetch(${JSON.stringify(url)}, {
  method: "POST",
  headers: { Authorization: \`Bearer \${process.env.${PLACE}}\`, "Content-Type": "application/json" },
  body: JSON.stringify(${javascript(body)}),
})
console.log(JSON.stringify(await response.json(), null, 2))
`,
};

/** A link to the page that shows the request. Browsers send no fragment to the server. */
export function permalink(url, { query, variables, operationName }) {
  const parts = new URLSearchParams({ query });
  if (variables && Object.keys(variables).length) parts.set("variables", JSON.stringify(variables, null, 2));
  if (operationName) parts.set("operationName", operationName);
  return `${url}#${parts}`;
}

/** The request in the fragment of this page's address, with its variables as text; null without one. */
export function linkedRequest() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return parts.get("query") === null ? null : { query: parts.get("query"), variables: parts.get("variables") ?? "" };
}

/** Buttons that copy the request, each for a language or the link; `request` may throw an error that can be shown. */
export function offerCopies(group, request, say) {
  const url = location.origin + location.pathname;
  const ways = { ...LANGUAGES, Link: permalink };
  group.append(...Object.entries(ways).map(([name, textOf]) => {
    const title = name === "Link" ? "Copy a link to this request" : `Copy as ${name}; it reads the token from $${PLACE}`;
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name, title });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(textOf(url, request()));
        say("Copied.");
      } catch (error) {
        say(`Not copied: ${error.message}`, "bad");
      }
    });
    return button;
  }));
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function javascript(body) {
  const { query, ...others } = body;
  const text = query.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  const more = Object.entries(others).map(([name, value]) => `    ${name}: ${JSON.stringify(value, null, 2).replaceAll("\n", "\n    ")},\n`);
  return `{\n    query: \`${text}\`,\n${more.join("")}  }`;
}

/** A JSON value as Python writes it; texts of several lines stay so. */
function python(value, indent) {
  const inner = `${indent}    `;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value.includes("\n") ? pythonLines(value) : JSON.stringify(value);
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => python(each, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each, inner)}`);
  const [open, close] = isList ? "[]" : "{}";
  return parts.length ? `${open}\n${parts.map((part) => `${inner}${part},\n`).join("")}${indent}${close}` : open + close;
}

function pythonLines(text) {
  return `"""${text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').replace(/"$/, '\\"').replaceAll("\r", "\\r")}"""`;
}
