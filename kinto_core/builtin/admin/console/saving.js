/** Writes with a precondition, and what to do when somebody else was faster. */

import { ApiError, request, unchanged } from "./api.js";
import { askAboutConflict, askAboutDeletion } from "./dialogs.js";
import { parse } from "./json.js";

const CHANGED = 412;
const GONE = 404;
const DELETED = { errno: 110, message: "it was deleted meanwhile" };

/** Fields of every object that the server sets. */
export const HIDDEN = ["id", "last_modified"];

/** The object at a path with its permissions: `{data, permissions}`; null: there is none. */
export async function load(path, signal) {
  try {
    return (await request("GET", path, { signal })).body;
  } catch (error) {
    if (error instanceof ApiError && error.status === GONE) return null;
    throw error;
  }
}

/**
 * Writes; when it was changed meanwhile, shows both versions and asks.
 *
 * @param {string} method `PUT` or `PATCH`.
 * @param {string} path of the object.
 * @param {string} body JSON: `{"data": …}` or `{"permissions": …}`.
 * @param {?number} version that the person saw; null: it is to be created.
 * @param {string[]} [hidden] names of fields that the server adds, which are not compared.
 * @returns {Promise<?object>} what is on the server now, with `isMine`; null: the person goes on
 *     editing. An object without `data` was deleted.
 */
export async function save(method, path, body, version, hidden = HIDDEN) {
  for (let seen = version; ; ) {
    try {
      const answer = await request(method, path, { body, headers: unchanged(seen) });
      return { ...answer.body, isMine: true };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== CHANGED) throw error;
    }
    const theirs = await load(path);
    if (theirs === null && method === "PATCH") throw new ApiError(GONE, DELETED);
    const [part] = Object.keys(JSON.parse(body));
    const shown = part === "data" && theirs ? editable(theirs.data, hidden) : theirs?.[part];
    const answer = await askAboutConflict(parse(body)[part], shown ?? null);
    if (answer === "stay") return null;
    if (answer === "theirs") return { ...theirs, isMine: false };
    seen = theirs?.data.last_modified ?? null;
  }
}

/** The fields of an object that people write. */
export function editable(data, hidden = HIDDEN) {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !hidden.includes(name)));
}

/**
 * Deletes; when it was changed meanwhile, shows what would be deleted and asks again.
 *
 * @returns {Promise<boolean>} whether it is gone.
 */
export async function remove(path, version) {
  for (let seen = version; ; ) {
    try {
      await request("DELETE", path, { headers: unchanged(seen) });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === GONE) return true;
      if (error.status !== CHANGED) throw error;
    }
    const theirs = await load(path);
    if (theirs === null) return true;
    if ((await askAboutDeletion(theirs.data)) !== "yes") return false;
    seen = theirs.data.last_modified;
  }
}
