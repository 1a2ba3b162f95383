/** The records of a collection in a table: page by page, sorted and filtered by the server. */

import { button, form } from "../actions.js";
import { count, page, pathOf } from "../api.js";
import { choice, field, fill, h, time } from "../dom.js";
import { table } from "../frame.js";
import { brief, isObject } from "../json.js";
import { address, go } from "../router.js";
import { isReadOnly } from "../server.js";
import { present } from "./objects.js";

const PAGE = 50;
const COLUMNS = 5;
const LONGEST = 120;

const COMPARISONS = [
  ["", "is"],
  ["not_", "is not"],
  ["like_", "is like (* stands for any text)"],
  ["min_", "is at least"],
  ["max_", "is at most"],
  ["has_", "is there (true or false)"],
];

/** The table, with what chooses its rows. */
export async function records(parts, query, signal) {
  const attributes = await attributesIfAllowed(parts, signal);
  const list = [...parts, "records"];
  const asked = question(query, attributes);
  const [first, total] = await Promise.all([
    page(pathOf(list, asked), signal),
    count(pathOf(list, filterOf(query)), signal),
  ]);
  const items = [...first.items];
  let next = first.next;
  const place = h("div");
  const foot = h("div", { class: "foot" });
  const more = button("Show more", async () => {
    const found = await page(next);
    items.push(...found.items);
    next = found.next;
    show();
  });

  function show() {
    const columns = columnsOf(attributes, items, query);
    fill(place, table("Records", heads(parts, query, columns), items.map((one) => cells(list, columns, one)),
      query.field ? "No record fits the filter." : "There are no records that you may see."));
    fill(foot, h("span", { class: "faint", role: "status" }, `${items.length} of ${total} records`), next ? more : null);
  }

  show();
  const creation = isReadOnly() ? null
    : h("a", { class: "button", href: address(parts, { tab: "new" }) }, "Create a record …");
  return [h("div", { class: "bar" }, filter(parts, query, attributes, items), creation), place, foot];
}

async function attributesIfAllowed(parts, signal) {
  try {
    return (await present(parts, signal)).data;
  } catch (error) {
    if (!error.isRefusal) throw error;
    return {};
  }
}

/** The query of the list. */
function question(query, attributes) {
  return { _limit: PAGE, _sort: query.sort || sortOf(attributes), ...filterOf(query) };
}

function filterOf({ field: name, how = "", value = "" }) {
  return name ? { [how + name]: value } : {};
}

function sortOf(attributes) {
  return typeof attributes.sort === "string" && attributes.sort ? attributes.sort : "-last_modified";
}

/** The fields to show: those that the collection names, of its schema, or of its first records. */
function columnsOf(attributes, items, query) {
  const { displayFields, schema } = attributes;
  const named = Array.isArray(displayFields) ? displayFields.filter((one) => typeof one === "string") : [];
  if (named.length) return named.filter((one) => !["id", "last_modified"].includes(one));
  const properties = isObject(schema) && isObject(schema.properties) ? Object.keys(schema.properties) : [];
  const seen = items.slice(0, 20).flatMap(Object.keys);
  const found = new Set([...properties, ...seen]);
  for (const one of ["id", "last_modified", "schema"]) found.delete(one);
  const chosen = [...found].slice(0, COLUMNS);
  if (query.field && found.has(query.field) && !chosen.includes(query.field)) chosen.push(query.field);
  return chosen;
}

function heads(parts, query, columns) {
  return ["id", ...columns, "last_modified"].map((name) => {
    const sort = query.sort ?? "";
    const isUp = sort === name;
    const isDown = sort === `-${name}`;
    const order = isUp ? "ascending" : isDown ? "descending" : undefined;
    const to = address(parts, { ...query, sort: isUp ? `-${name}` : name });
    const shown = name === "last_modified" ? "Last change" : name;
    return h("th", { scope: "col", "aria-sort": order },
      h("a", { href: to, title: `Sort by ${name}` }, shown, isUp ? " ↑" : isDown ? " ↓" : ""));
  });
}

function cells(list, columns, item) {
  return [
    h("a", { href: address([...list, item.id]) }, item.id),
    ...columns.map((name) => short(brief(valueAt(item, name)))),
    time(item.last_modified),
  ];
}

/** The value of a field; dots lead into objects. */
function valueAt(item, name) {
  if (Object.hasOwn(item, name)) return item[name];
  return name.split(".").reduce((value, key) => (isObject(value) ? value[key] : undefined), item);
}

function short(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function filter(parts, query, attributes, items) {
  const known = ["id", "last_modified", ...columnsOf(attributes, items, {})];
  const id = "known-fields";
  const name = field("Field", { list: id, value: query.field ?? "", spellcheck: "false", required: true });
  const how = choice("Comparison", COMPARISONS, query.how ?? "");
  const value = field("Value", { value: query.value ?? "", spellcheck: "false" });
  value.input.title = 'Numbers, true, false and null are taken as such; write "5" for the text.';
  const clear = query.field
    ? h("a", { href: address(parts, { sort: query.sort }) }, "Clear")
    : null;
  return form({ class: "row", role: "search", "aria-label": "Filter" }, () =>
    go(address(parts, { sort: query.sort, field: name.input.value.trim(), how: how.input.value, value: value.input.value })),
  name.element, h("datalist", { id }, known.map((one) => h("option", { value: one }))),
  how.element, value.element, h("button", {}, "Filter"), clear);
}
