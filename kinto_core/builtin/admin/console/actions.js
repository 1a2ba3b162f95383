/** Buttons and forms that do something with the server, once at a time; errors are told. */

import { h } from "./dom.js";
import { clearMessages, complain } from "./messages.js";

/** A button that waits until what it began is done. */
export function button(text, action, attributes = {}) {
  const made = h("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", () => perform(made, action));
  return made;
}

/** A form that does something instead of being sent. */
export function form(attributes, action, ...children) {
  const made = h("form", attributes, ...children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    perform(made.querySelector("button:not([type=button])"), action);
  });
  return made;
}

async function perform(from, action) {
  if (from?.getAttribute("aria-disabled") === "true") return;
  from?.setAttribute("aria-disabled", "true");
  clearMessages();
  try {
    await action();
  } catch (error) {
    complain(error);
  } finally {
    from?.removeAttribute("aria-disabled");
  }
}
