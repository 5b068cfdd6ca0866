// Makes elements and coloured JSON: always from text, never from markup.

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const LONGEST_COLOURED = 300_000;
const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g;

/** A JSON value as indented, coloured nodes; very long ones stay plain. */
export function shownJson(value) {
  const text = JSON.stringify(value, null, 2);
  if (text.length > LONGEST_COLOURED) return [text];
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(TOKENS)) {
    const [whole, string, colon] = found;
    const kind = string ? (colon ? "key" : "string") : /^[-\d]/.test(whole) ? "number" : "literal";
    nodes.push(text.slice(end, found.index), element("span", { className: kind }, string ?? whole), colon ?? "");
    end = found.index + whole.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
