// The schema browser: everything that introspection tells, type by type, with a search through all of it.
import { element } from "./elements.js";

const TYPE_REFERENCE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
const VALUE = `name description defaultValue type { ${TYPE_REFERENCE} }`;
const INTROSPECTION = `query Introspection {
  __schema {
    queryType { name } mutationType { name }
    types {
      kind name description specifiedByURL isOneOf
      fields(includeDeprecated: true) {
        name description isDeprecated deprecationReason args { ${VALUE} } type { ${TYPE_REFERENCE} }
      }
      inputFields { ${VALUE} }
      interfaces { name } possibleTypes { name }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    }
  }
}`;
const KINDS = [
  ["OBJECT", "Types"], ["INTERFACE", "Interfaces"], ["UNION", "Unions"],
  ["INPUT_OBJECT", "Inputs"], ["ENUM", "Enumerations"], ["SCALAR", "Scalars"],
];
const MOST_FOUND = 200;

export class SchemaBrowser {
  constructor({ ask, search, trail, place }) {
    Object.assign(this, { ask, search, trail, place, types: new Map(), path: [] });
    search.addEventListener("input", () => this.show());
  }

  async load() {
    this.place.replaceChildren(element("p", {}, "Reading the schema …"));
    try {
      const { data, errors } = await (await this.ask(INTROSPECTION)).json();
      if (!data) throw new Error(errors[0].message);
      this.roots = [data.__schema.queryType, data.__schema.mutationType].filter(Boolean).map((root) => root.name);
      const known = data.__schema.types.filter((type) => !type.name.startsWith("__"));
      this.types = new Map(known.map((type) => [type.name, type]));
      this.show();
    } catch (error) {
      const said = `The schema can't be read: ${error.message} With a token that is good here, try Reload.`;
      this.types = new Map();
      this.place.replaceChildren(element("p", { className: "gone" }, said));
    }
  }

  /** Go to a type; null is the overview. */
  open(name) {
    const known = this.path.indexOf(name);
    this.path = name === null ? [] : known < 0 ? [...this.path, name] : this.path.slice(0, known + 1);
    this.search.value = "";
    this.show();
    this.place.scrollTop = 0;
    this.place.focus();
  }

  show() {
    if (!this.types.size) return;
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const type = this.types.get(this.path.at(-1));
    this.trail.replaceChildren(...this.steps());
    this.place.replaceChildren(...(wanted ? this.found(wanted) : type ? this.described(type) : this.overview()));
  }

  steps() {
    const steps = [null, ...this.path].slice(-5);
    return steps.flatMap((name, index) => [index ? "›" : "", this.link(name, name ?? "All")]).filter(Boolean);
  }

  link(name, text = name) {
    const button = element("button", { type: "button", className: "link" }, text);
    button.addEventListener("click", () => this.open(name));
    return button;
  }

  overview() {
    const roots = this.roots.flatMap((name) => [
      element("h3", {}, this.link(name)), list(this.types.get(name).fields.map((field) => this.rootField(field, name))),
    ]);
    const kinds = KINDS.flatMap(([kind, title]) => {
      const types = [...this.types.values()].filter((type) => type.kind === kind && !this.roots.includes(type.name));
      types.sort((one, other) => one.name.localeCompare(other.name));
      return types.length ? [element("h3", {}, title), list(types.map((type) => this.summary(type)))] : [];
    });
    return [...roots, ...kinds];
  }

  /** In the overview; what the arguments are stands with the type. */
  rootField(field, owner) {
    const given = field.args.length ? `(${field.args.map((each) => each.name).join(", ")})` : "";
    const code = element("code", {}, this.link(owner, field.name), `${given}: `, ...this.typeText(field.type));
    return element("li", {}, code, ...paragraphs(field.description));
  }

  summary(type) {
    return element("li", {}, element("code", {}, this.link(type.name)), ...paragraphs(type.description));
  }

  described(type) {
    const kind = KINDS.find(([each]) => each === type.kind)[1].replace(/s$/, "").toLowerCase();
    const parts = [
      element("h3", {}, element("code", {}, type.name), ` ${type.isOneOf ? "input, exactly one field" : kind}`),
      ...paragraphs(type.description),
    ];
    const named = (title, names) => {
      if (!names?.length) return;
      parts.push(element("h3", {}, title), list(names.map(({ name }) => element("li", {}, element("code", {}, this.link(name))))));
    };
    const members = type.fields ?? type.inputFields ?? type.enumValues ?? [];
    if (members.length) parts.push(list(members.map((member) => this.member(member))));
    named("Implements", type.interfaces);
    named("Is one of", type.possibleTypes);
    const users = [...this.types.values()].filter((other) => uses(other, type.name));
    named("Used by", users);
    return parts;
  }

  /** A field, an argument, a field of an input or a value of an enumeration. */
  member(member, owner = null) {
    const code = element("code", {});
    if (owner) code.append(this.link(owner), ".");
    code.append(member.name);
    if (member.type) code.append(": ", ...this.typeText(member.type));
    if (member.defaultValue != null) code.append(` = ${member.defaultValue}`);
    const item = element("li", {}, code, ...paragraphs(member.description));
    if (member.isDeprecated) item.append(element("p", { className: "gone" }, `Deprecated: ${member.deprecationReason}`));
    if (member.args?.length) {
      item.append(element("ul", { className: "arguments" }, ...member.args.map((each) => this.member(each))));
    }
    return item;
  }

  typeText(type) {
    if (type.kind === "NON_NULL") return [...this.typeText(type.ofType), "!"];
    if (type.kind === "LIST") return ["[", ...this.typeText(type.ofType), "]"];
    return [this.link(type.name)];
  }

  found(wanted) {
    const hits = (thing) => [thing.name, thing.description].some((text) => text?.toLocaleLowerCase().includes(wanted));
    const types = [], members = [];
    for (const type of this.types.values()) {
      if (hits(type)) types.push(type);
      for (const member of type.fields ?? type.inputFields ?? type.enumValues ?? []) {
        if (hits(member) || member.args?.some(hits)) members.push([member, type.name]);
      }
    }
    const nameFirst = (name) => (name.toLocaleLowerCase().includes(wanted) ? 0 : 1);
    types.sort((one, other) => nameFirst(one.name) - nameFirst(other.name));
    members.sort(([one], [other]) => nameFirst(one.name) - nameFirst(other.name));
    const items = [
      ...types.map((type) => this.summary(type)), ...members.map(([member, owner]) => this.member(member, owner)),
    ];
    const shown = items.slice(0, MOST_FOUND);
    const said = items.length ? `${items.length} found${items.length > shown.length ? `, the first ${MOST_FOUND} shown` : ""}` : "Nothing found";
    return [element("p", {}, said), list(shown)];
  }
}

function list(items) {
  return element("ul", {}, ...items);
}

function paragraphs(text) {
  return text ? text.split(/\n\n+/).map((each) => element("p", {}, each)) : [];
}

/** Whether a type has a field or an argument of the type with this name. */
function uses(type, name) {
  const is = ({ type: of }) => {
    let inner = of;
    while (inner?.ofType) inner = inner.ofType;
    return inner?.name === name;
  };
  return [...(type.fields ?? []), ...(type.inputFields ?? [])].some((each) => is(each) || each.args?.some(is));
}
