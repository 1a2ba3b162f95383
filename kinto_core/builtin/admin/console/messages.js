/** What is said to the person: news, errors, notices of the server, and that something takes long. */

import { fill, h } from "./dom.js";
import { inWords, isAbort } from "./errors.js";

const PATIENCE_MS = 150;
const NEWS_MS = 8000;

const at = (id) => document.getElementById(id);
let timer;
let newsTimer;

/** Says that something was done; screen readers say it when they have time. */
export function say(text) {
  clearMessages();
  fill(at("status"), text);
  newsTimer = setTimeout(() => fill(at("status")), NEWS_MS);
}

let later = "";

/** Says something once the next page is shown. */
export function sayThere(text) {
  later = text;
}

/** Says what was kept for this page. */
export function sayWhatWasKept() {
  if (later) say(later);
  later = "";
}

/** Says at once what went wrong; it stays until it is put away. */
export function complain(error) {
  if (isAbort(error)) return;
  clearMessages();
  const text = typeof error === "string" ? error : inWords(error);
  const away = h("button", { type: "button", class: "plain", click: clearMessages }, "Dismiss");
  fill(at("alert"), h("span", {}, text), away);
}

/** Puts news and errors away. */
export function clearMessages() {
  clearTimeout(newsTimer);
  fill(at("status"));
  fill(at("alert"));
}

/** Shows that requests are under way, unless they are quick. */
export function showActivity(waiting) {
  if (waiting === 0) {
    clearTimeout(timer);
    timer = undefined;
    at("progress").hidden = true;
    at("main").removeAttribute("aria-busy");
  } else if (timer === undefined) {
    timer = setTimeout(() => {
      at("progress").hidden = false;
      at("main").setAttribute("aria-busy", "true");
    }, PATIENCE_MS);
  }
}

/** Shows what the server tells everybody, such as the end of the service. */
export function showAlert(header) {
  if (!header) return;
  let told = header;
  try {
    told = JSON.parse(header).message || header;
  } catch {
    // it is shown as it came
  }
  notice(`The server says: ${told}`);
}

/** Shows something that stays true. */
export function notice(text) {
  at("notice").hidden = !text;
  fill(at("notice"), text);
}
