/** Who may do what with an object: lists of principals that can be added to and taken from. */

import { form, button } from "../actions.js";
import { everything, pathOf } from "../api.js";
import { fill, h, newId } from "../dom.js";
import { same } from "../json.js";
import { say } from "../messages.js";
import { guard } from "../router.js";
import { isReadOnly, user } from "../server.js";
import { save } from "../saving.js";

const NAMES = {
  buckets: ["read", "write", "collection:create", "group:create"],
  collections: ["read", "write", "record:create"],
  groups: ["read", "write"],
  records: ["read", "write"],
};

const MEANINGS = {
  read: "may read it and what is in it",
  write: "may change and delete it and what is in it, and these permissions",
  "collection:create": "may create collections in it",
  "group:create": "may create groups in it",
  "record:create": "may create records in it",
};

/**
 * The permissions of an object.
 *
 * @param {string[]} parts of its URI.
 * @param {{data: object, permissions: object}} object as it was loaded.
 */
export async function permissionsOf(parts, object, signal) {
  const path = pathOf(parts);
  const names = NAMES[parts.at(-2)];
  let version = object.data.last_modified;
  let kept = complete(object.permissions, names);
  let lists = complete(kept, names);
  const known = newId("principals");
  const place = h("div", { class: "permissions" });
  const toSave = h("button", {}, "Save permissions");
  guard(() => !same(kept, lists));

  function show(focus) {
    fill(place, Object.keys(lists).map((name) => one(name)));
    toSave.disabled = isReadOnly();
    if (focus) place.querySelector(`[data-permission="${focus}"] input`)?.focus();
  }

  function one(name) {
    const id = newId("principal");
    const input = h("input", { id, list: known, autocomplete: "off", spellcheck: "false" });
    const add = () => {
      const principal = input.value.trim();
      if (!principal) return input.focus();
      lists[name] = [...new Set([...lists[name], principal])];
      show(name);
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
    const principals = lists[name].map((principal) => h("li", {},
      h("code", {}, principal),
      button("Remove", () => {
        lists[name] = lists[name].filter((other) => other !== principal);
        show(name);
      }, { class: "plain", "aria-label": `Remove ${principal} from ${name}` })));
    return h("fieldset", { "data-permission": name },
      h("legend", {}, name),
      h("small", {}, MEANINGS[name]),
      principals.length ? h("ul", { class: "principals" }, principals) : h("p", { class: "faint" }, "Nobody."),
      h("div", { class: "adding" },
        h("label", { for: id }, `Add to ${name}`), input,
        button("Add", add, { "aria-label": `Add this principal to ${name}` })));
  }

  async function store() {
    const answer = await save("PATCH", path, JSON.stringify({ permissions: lists }), version);
    if (answer === null) return;
    version = answer.data.last_modified;
    kept = complete(answer.permissions, names);
    lists = complete(kept, names);
    show();
    if (answer.isMine) say("The permissions are saved.");
  }

  show();
  const none = Object.values(kept).every((list) => list.length === 0);
  return [
    none ? h("p", { class: "faint" }, "Nobody has a permission here, or you may not see who does.") : null,
    h("datalist", { id: known }, (await suggestions(parts, signal)).map((value) => h("option", { value }))),
    form({ class: "stack" }, store, place, h("div", { class: "buttons" }, toSave)),
  ];
}

function complete(permissions, names) {
  const all = [...names, ...Object.keys(permissions ?? {}).filter((one) => !names.includes(one))];
  return Object.fromEntries(all.map((name) => [name, [...(permissions?.[name] ?? [])]]));
}

/** Principals that are likely: everybody, who is signed in, and the groups of the bucket. */
async function suggestions(parts, signal) {
  const found = ["system.Everyone", "system.Authenticated"];
  if (user()) found.push(user().id);
  try {
    const groups = await everything(pathOf([...parts.slice(0, 2), "groups"]), signal);
    found.push(...groups.map((group) => `/buckets/${parts[1]}/groups/${group.id}`));
  } catch {
    // they are a convenience only
  }
  return found;
}
