/** Lists of buckets, collections and groups, and how to create one. */

import { form } from "../actions.js";
import { ApiError, LONGEST_LIST, everything, pathOf, request, unchanged } from "../api.js";
import { field, h, time } from "../dom.js";
import { done, table } from "../frame.js";
import { address } from "../router.js";
import { has, isReadOnly } from "../server.js";

const WORDS = {
  buckets: ["bucket", "Buckets"],
  collections: ["collection", "Collections"],
  groups: ["group", "Groups"],
};
const EXISTS = 412;

/**
 * The children of one kind, with a form for one more.
 *
 * @param {string[]} parts of the list's URI: `["buckets"]`, `["buckets", "blog", "groups"]`.
 */
export async function children(parts, signal) {
  const [word, words] = WORDS[parts.at(-1)];
  const items = await visible(parts, word, signal);
  const rows = items.map((one) => [
    h("a", { href: address([...parts, one.id]) }, one.id),
    one.last_modified ? time(one.last_modified) : h("span", { class: "faint" }, "something in it is shared with you"),
  ]);
  return [
    table(words, ["Name", "Last change"], rows, `There are no ${words.toLowerCase()} that you may see.`),
    items.length < LONGEST_LIST ? null : h("p", { class: "faint" }, `Only ${LONGEST_LIST} are shown; others can be reached by their address.`),
    isReadOnly() ? null : creation(parts, word),
  ];
}

/** What the list gives, and what it leaves out because only something in it may be seen. */
async function visible(parts, word, signal) {
  let items = [];
  let refusal = null;
  try {
    items = await everything(pathOf(parts, { _sort: "id" }), signal);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isRefusal) throw error;
    refusal = error;
  }
  const known = new Set(items.map((one) => one.id));
  const above = word === "group" ? [] : await shared(parts, word, { exclude_resource_name: "record" }, signal);
  const isNothing = word !== "group" && items.length + above.length === 0;
  const more = isNothing ? await shared(parts, word, {}, signal) : above;
  items.push(...more.filter((id) => !known.has(id)).map((id) => ({ id })));
  if (refusal && items.length === 0) throw refusal;
  return items.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The names of children on which, or in which, the person has permissions. */
async function shared(parts, word, wanted, signal) {
  if (!has("permissions_endpoint")) return [];
  const within = parts.length > 1 ? { bucket_id: parts[1] } : {};
  try {
    const entries = await everything(pathOf(["permissions"], { _sort: "uri", ...within, ...wanted }), signal);
    return [...new Set(entries.map((entry) => entry[`${word}_id`]).filter(Boolean))];
  } catch (error) {
    if (error instanceof ApiError && error.isRefusal) return [];
    throw error;
  }
}

function creation(parts, word) {
  const name = field(`Name of a new ${word}`, {
    name: "id", required: true, pattern: "[a-zA-Z0-9_\\-]+", autocomplete: "off", spellcheck: "false",
  }, "Letters, digits, - and _");
  return form({ class: "row" }, async () => {
    const id = name.input.value.trim();
    const body = word === "group" ? { data: { members: [] } } : {};
    try {
      await request("PUT", pathOf([...parts, id]), { body, headers: unchanged(null) });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== EXISTS) throw error;
      throw new ApiError(EXISTS, { errno: 114, message: `there is a ${word} ${id} already` });
    }
    done(`The ${word} ${id} is created.`, address([...parts, id]));
  }, name.element, h("button", {}, `Create ${word}`));
}
