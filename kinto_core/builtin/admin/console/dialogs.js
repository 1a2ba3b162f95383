/** Questions that must be answered before anything goes on. */

import { fill, h, newId } from "./dom.js";
import { format, isObject, same } from "./json.js";

/**
 * Asks a question.
 *
 * @param {string} title the question.
 * @param {Array} content what helps to answer it.
 * @param {Array<[string, string, string]>} answers value, text and class of each button; the first
 *     one is given by the escape key too.
 * @returns {Promise<string>} the value of the chosen answer.
 */
export function ask(title, content, answers, attributes = {}) {
  const id = newId("dialog");
  const from = document.activeElement;
  return new Promise((resolve) => {
    const box = h("dialog", { "aria-labelledby": id, ...attributes });
    let chosen = answers[0][0];
    const buttons = answers.map(([value, text, kind], index) =>
      h("button", { type: "button", class: kind, autofocus: index === 0, click: () => {
        chosen = value;
        box.close();
      } }, text),
    );
    fill(box, h("h2", { id }, title), content, h("div", { class: "buttons" }, buttons));
    box.addEventListener("close", () => {
      box.remove();
      if (from?.isConnected) from.focus();
      resolve(chosen);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Asks before something is deleted; says what goes with it. */
export async function confirmDeletion(what, consequences) {
  const lines = consequences.map((one) => h("li", {}, one));
  const list = lines.length ? [h("p", {}, "With it will go:"), h("ul", {}, lines)] : [];
  const answers = [["no", "Keep it", ""], ["yes", "Delete", "danger"]];
  const content = [...list, h("p", {}, "This cannot be undone.")];
  return (await ask(`Delete ${what}?`, content, answers)) === "yes";
}

/**
 * Shows two versions and asks which one is to be kept.
 *
 * @param {*} mine what was to be written.
 * @param {?object} theirs what the server has; null: it was deleted.
 * @returns {Promise<"stay"|"theirs"|"mine">}
 */
export function askAboutConflict(mine, theirs) {
  const reason = theirs
    ? "Somebody changed this after you opened it. Nothing of yours was written."
    : "Somebody deleted this after you opened it. Nothing of yours was written.";
  const sides = h("div", { class: "sides" },
    side("Yours", mine, theirs),
    theirs ? side("On the server", theirs, mine) : side("On the server", null, null),
  );
  const answers = [
    ["stay", "Go on editing", ""],
    ["theirs", theirs ? "Take what the server has" : "Leave it deleted", ""],
    ["mine", theirs ? "Overwrite it with mine" : "Create it again with mine", "danger"],
  ];
  const content = [h("p", {}, reason), sides];
  return ask("Which version is right?", content, answers, { class: "wide" });
}

/** Shows what became of something that was to be deleted, and asks whether it still shall be. */
export function askAboutDeletion(theirs) {
  const text = "Somebody changed this after you opened it. This is what would be deleted now:";
  const answers = [["no", "Keep it", ""], ["yes", "Delete all the same", "danger"]];
  return ask("Delete it all the same?", [h("p", {}, text), h("pre", {}, format(theirs))], answers);
}

/** One version, with what differs from the other one marked. */
function side(title, value, other) {
  const head = h("h3", {}, title);
  if (!isObject(value)) return h("section", {}, head, h("p", { class: "faint" }, "Deleted."));
  const rows = Object.keys(value).sort().map((key) => {
    const text = `${JSON.stringify(key)}: ${format(value[key])}`;
    const differs = !isObject(other) || !(key in other) || !same(value[key], other[key]);
    return differs ? h("mark", { title: "differs" }, `≠ ${text}\n`) : `  ${text}\n`;
  });
  return h("section", {}, head, h("pre", { tabindex: 0 }, rows));
}
