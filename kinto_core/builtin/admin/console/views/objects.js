/** Buckets, collections and groups: each a page with tabs. */

import { ApiError, count, everything, pathOf, request } from "../api.js";
import { h } from "../dom.js";
import { historyTab, tabs } from "../frame.js";
import { address } from "../router.js";
import { attributesOf } from "./attributes.js";
import { children } from "./children.js";
import { history } from "./history.js";
import { permissionsOf } from "./permissions.js";
import { newRecord } from "./record.js";
import { records } from "./records.js";

/** The way to the parents of an object. */
export function crumbsOf(parts) {
  const found = [["Buckets", "#/"]];
  for (let length = 2; length < parts.length; length += 2) {
    found.push([parts[length - 1], address(parts.slice(0, length))]);
  }
  return found;
}

/** A bucket. */
export async function bucket({ parts, query, signal }) {
  const shown = query.tab ?? "collections";
  const named = [["collections", "Collections"], ["groups", "Groups"],
    ["attributes", "Attributes"], ["permissions", "Permissions"], historyTab()];
  const contents = {
    collections: () => children([...parts, "collections"], signal),
    groups: () => children([...parts, "groups"], signal),
    attributes: async () => attributesOf(parts, await present(parts, signal), {
      label: "Attributes of the bucket",
      hint: "A JSON object with any fields; collections inherit some, such as record:schema.",
      consequences: () => insideBucket(parts),
    }),
    permissions: async () => permissionsOf(parts, await present(parts, signal), signal),
    history: () => history(parts[1], {}, signal),
  };
  return pageOf("Bucket", parts, named, shown, contents);
}

/** A collection. */
export async function collection({ parts, query, signal }) {
  const shown = query.tab ?? "records";
  const named = [["records", "Records"], ["attributes", "Attributes"],
    ["permissions", "Permissions"], historyTab()];
  const contents = {
    records: () => records(parts, query, signal),
    new: () => newRecord(parts, signal),
    attributes: async () => attributesOf(parts, await present(parts, signal), {
      label: "Attributes of the collection",
      hint: "A JSON object. schema: a JSON schema for the records; displayFields: columns of the table; sort: its order.",
      consequences: () => insideCollection(parts),
    }),
    permissions: async () => permissionsOf(parts, await present(parts, signal), signal),
    history: () => history(parts[1], { collection_id: parts[3] }, signal),
  };
  return pageOf("Collection", parts, named, shown, contents);
}

/** A group. */
export async function group({ parts, query, signal }) {
  const shown = query.tab ?? "attributes";
  const named = [["attributes", "Members and attributes"], ["permissions", "Permissions"], historyTab()];
  const contents = {
    attributes: async () => attributesOf(parts, await present(parts, signal), {
      label: "Group",
      hint: "members: a list of principals, such as account:alice. They get what is granted to the group.",
    }),
    permissions: async () => permissionsOf(parts, await present(parts, signal), signal),
    history: () => history(parts[1], { uri: pathOf(parts) }, signal),
  };
  return pageOf("Group", parts, named, shown, contents);
}

async function pageOf(kind, parts, named, shown, contents) {
  const make = contents[shown] ?? Object.values(contents)[0];
  const content = await make();
  return { kind, title: parts.at(-1), crumbs: crumbsOf(parts), tabs: tabs(parts, named, shown), content };
}

/** An object with its permissions, as it is now. */
export async function present(parts, signal) {
  return (await request("GET", pathOf(parts), { signal })).body;
}

async function insideBucket(parts) {
  return known(async () => {
    const collections = await everything(pathOf([...parts, "collections"]));
    const groups = await count(pathOf([...parts, "groups"]));
    const names = collections.slice(0, 10).map((one) => one.id).join(", ");
    const more = collections.length > 10 ? " and others" : "";
    return [
      `${counted(collections.length, "collection")} with all records${names ? `: ${names}${more}` : ""}`,
      `${counted(groups, "group")} with all that is granted to it`,
    ];
  });
}

async function insideCollection(parts) {
  return known(async () => [counted(await count(pathOf([...parts, "records"])), "record")]);
}

function counted(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** What is known to go along; somebody may delete what they cannot list. */
async function known(look) {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return ["everything in it, which you may not list"];
  }
}

/** An address that leads nowhere. */
export async function nowhere() {
  return { title: "Nothing here", content: h("p", {}, "This address leads nowhere. ", h("a", { href: "#/" }, "All buckets")) };
}
