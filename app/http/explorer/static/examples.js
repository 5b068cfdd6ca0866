// Reads examples.graphql: sections, and in each the operations with what the comments above them say.

/** The sections of the file; see its head for the form. */
export function readExamples(text) {
  return text.split(/^## /m).slice(1).map((section) => {
    const [title, ...blocks] = section.split(/\n\n(?=#|query|mutation)/);
    return { section: title.trim(), operations: blocks.map(readOperation) };
  });
}

/** The sections with the operations whose name, title or section has every word of the filter, in any case. */
export function matching(sections, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (section, { name, title }) => {
    const text = `${name} ${title} ${section}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return sections
    .map(({ section, operations }) => ({ section, operations: operations.filter((each) => has(section, each)) }))
    .filter(({ operations }) => operations.length > 0);
}

function readOperation(block) {
  const said = (word) => block.match(new RegExp(`^# ${word} (.*)$`, "m"))?.[1] ?? "";
  const given = said("Variables");
  return {
    name: block.match(/^(?:query|mutation) (\w+)/m)[1],
    title: block.match(/^(?:# (?!As ).*\n)+/)[0].replace(/^# /gm, "").trim().replaceAll("\n", " "),
    token: said("As"),
    variables: given ? JSON.stringify(JSON.parse(given), null, 2) : "",
    document: block.replace(/^# Variables .*\n/m, "").trimEnd() + "\n",
  };
}
