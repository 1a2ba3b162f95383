/** One record: its fields in an editor beside the schema, its file, permissions and history. */

import { form } from "../actions.js";
import { ApiError, pathOf, request, unchanged } from "../api.js";
import { field, h } from "../dom.js";
import { Editor } from "../editor.js";
import { done, historyTab, tabs } from "../frame.js";
import { format, isObject } from "../json.js";
import { address, guard, unguard } from "../router.js";
import { HIDDEN } from "../saving.js";
import { attachment } from "./attachment.js";
import { attributesOf, saveShowingFaults } from "./attributes.js";
import { history } from "./history.js";
import { crumbsOf, present } from "./objects.js";
import { permissionsOf } from "./permissions.js";

const EXISTS = 412;

/** A record. */
export async function record({ parts, query, signal }) {
  const shown = query.tab ?? "record";
  const named = [["record", "Record"], ["permissions", "Permissions"], historyTab()];
  const contents = {
    record: () => fieldsOf(parts, signal),
    permissions: async () => permissionsOf(parts, await present(parts, signal), signal),
    history: () => history(parts[1], { uri: pathOf(parts) }, signal),
  };
  const content = await (contents[shown] ?? contents.record)();
  return { kind: "Record", title: parts.at(-1), crumbs: crumbsOf(parts), tabs: tabs(parts, named, shown), content };
}

async function fieldsOf(parts, signal) {
  const [object, collection] = await Promise.all([present(parts, signal), collectionOf(parts, signal)]);
  const schema = schemaOf(collection);
  return [
    attachment(object.data.attachment, collection.private_attachments === true),
    ...attributesOf(parts, object, {
      label: "Fields of the record",
      hint: "A JSON object. What you take out is gone when you save.",
      hidden: schema ? [...HIDDEN, "schema"] : HIDDEN,
      aside: explained(schema),
    }),
  ];
}

/** A form for one more record. */
export async function newRecord(parts, signal) {
  const list = [...parts, "records"];
  const schema = schemaOf(await collectionOf(parts, signal));
  const id = field("Name", { autocomplete: "off", spellcheck: "false", pattern: "[a-zA-Z0-9_\\-]+" },
    "Letters, digits, - and _. Left empty, the server makes one.");
  const editor = new Editor("Fields of the new record", skeleton(schema), "A JSON object.");
  guard(() => editor.isDirty);
  const make = async () => {
    if (editor.value() === null) return;
    const name = id.input.value.trim();
    const answer = await saveShowingFaults(editor, () => create(list, name, `{"data": ${editor.text}}`));
    if (!answer) return;
    unguard();
    done(`The record ${answer.data.id} is created.`, address([...list, answer.data.id]));
  };
  const main = h("div", {}, id.element, editor.element,
    h("div", { class: "buttons" }, h("button", {}, "Create"), h("a", { href: address(parts) }, "Back to the records")));
  return [h("h2", {}, "A new record"), form({ class: schema ? "beside" : "stack" }, make, main, explained(schema))];
}

async function create(list, name, body) {
  if (!name) return (await request("POST", pathOf(list), { body })).body;
  try {
    return (await request("PUT", pathOf([...list, name]), { body, headers: unchanged(null) })).body;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== EXISTS) throw error;
    throw new ApiError(EXISTS, { errno: 114, message: `there is a record ${name} already` });
  }
}

/** The attributes of a record's collection; none when they may not be seen. */
async function collectionOf(parts, signal) {
  try {
    return (await present(parts.slice(0, 4), signal)).data;
  } catch (error) {
    if (!error.isRefusal) throw error;
    return {};
  }
}

/** The JSON schema of the records; null: there is none. */
function schemaOf({ schema }) {
  return isObject(schema) && Object.keys(schema).length ? schema : null;
}

/** What a record needs at least, to begin with. */
function skeleton(schema) {
  const empty = { string: "", number: 0, integer: 0, boolean: false, array: [], object: {}, null: null };
  const names = Array.isArray(schema?.required) ? schema.required : [];
  return Object.fromEntries(names.map((name) => {
    const told = schema.properties?.[name] ?? {};
    return [name, told.default ?? told.enum?.[0] ?? empty[told.type] ?? ""];
  }));
}

function explained(schema) {
  if (schema === null) return null;
  const needed = new Set(Array.isArray(schema.required) ? schema.required : []);
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const rows = properties.map(([name, told]) => [
    h("dt", {}, h("code", {}, name), needed.has(name) ? h("span", { class: "needed" }, " needed") : null),
    h("dd", {}, [told?.type, told?.format].flat().filter(Boolean).join(", "),
      told?.title || told?.description ? h("span", { class: "faint" }, ` ${told.title ?? told.description}`) : null),
  ]);
  return h("aside", { class: "card", "aria-label": "Schema" },
    h("h2", {}, "Schema of the collection"),
    rows.length ? h("dl", {}, rows) : null,
    h("details", {}, h("summary", {}, "The JSON schema"), h("pre", { tabindex: 0 }, format(schema))));
}
