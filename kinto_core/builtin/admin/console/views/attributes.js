/** The fields of an object in an editor, with what belongs to it: saving, and deleting it. */

import { button, form } from "../actions.js";
import { ApiError, pathOf } from "../api.js";
import { confirmDeletion } from "../dialogs.js";
import { h, time } from "../dom.js";
import { Editor } from "../editor.js";
import { done } from "../frame.js";
import { complain, say } from "../messages.js";
import { address, guard, unguard } from "../router.js";
import { isReadOnly } from "../server.js";
import { HIDDEN, editable, remove, save } from "../saving.js";

const INVALID = 400;

/**
 * The fields of an object.
 *
 * @param {string[]} parts of its URI.
 * @param {{data: object}} object as it was loaded.
 * @param {object} options `label` and `hint` of the editor; `hidden`: names of fields that are not
 *     shown; `aside`: what helps to write; `consequences`: tells what a deletion takes along.
 */
export function attributesOf(parts, object, options) {
  const { label, hint, hidden = HIDDEN, aside = null, consequences = () => [] } = options;
  const path = pathOf(parts);
  let version = object.data.last_modified;
  const editor = new Editor(label, editable(object.data, hidden), hint);
  const changed = h("p", { class: "faint" }, "Last change: ", time(version));
  guard(() => editor.isDirty);

  async function store() {
    if (editor.value() === null) return;
    const answer = await saveShowingFaults(editor, () =>
      save("PUT", path, `{"data": ${editor.text}}`, version, hidden));
    if (!answer) return;
    if (!answer.data) return leave("It was deleted.");
    version = answer.data.last_modified;
    editor.reset(editable(answer.data, hidden));
    changed.replaceChildren("Last change: ", time(version));
    say(answer.isMine ? "Saved." : "This is what the server has.");
  }

  async function drop() {
    const name = decodeURIComponent(parts.at(-1));
    if (!(await confirmDeletion(`${parts.at(-2).slice(0, -1)} ${name}`, await consequences()))) return;
    if (await remove(path, version)) leave(`${name} is deleted.`);
  }

  function leave(text) {
    unguard();
    const above = parts.at(-2) === "buckets" ? [] : parts.slice(0, -2);
    const tab = parts.at(-2) === "groups" ? { tab: "groups" } : {};
    done(text, address(above, tab));
  }

  const buttons = isReadOnly() ? null : h("div", { class: "buttons" },
    h("button", {}, "Save"),
    button("Delete …", drop, { class: "danger" }));
  return [form({ class: aside ? "beside" : "stack" }, store,
    h("div", {}, editor.element, changed, buttons), aside)];
}

/** Does something that the server may refuse because of single fields; shows where they are. */
export async function saveShowingFaults(editor, action) {
  try {
    return await action();
  } catch (error) {
    const isAboutFields = error instanceof ApiError && error.status === INVALID && error.faults.length;
    if (!isAboutFields) throw error;
    complain(error);
    editor.showFaults(error.faults);
    return null;
  }
}
