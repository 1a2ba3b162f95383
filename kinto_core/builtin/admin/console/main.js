/** Begins: learns what the server is, then shows the page of each address. */

import { configure } from "./api.js";
import { h } from "./dom.js";
import { inWords, isAbort } from "./errors.js";
import { showPage, showUser } from "./frame.js";
import {
  clearMessages, complain, notice, sayWhatWasKept, showActivity, showAlert,
} from "./messages.js";
import { go, start } from "./router.js";
import { info, isReadOnly, remember, user } from "./server.js";
import { authorization, hello, isReturn, returnFromProvider } from "./session.js";
import { about } from "./views/about.js";
import { home } from "./views/home.js";
import { bucket, collection, group, nowhere } from "./views/objects.js";
import { record } from "./views/record.js";
import { signIn } from "./views/sign_in.js";

const VIEWS = [
  [[], home],
  [["server"], about],
  [["sign-in"], signIn],
  [["buckets"], home],
  [["buckets", null], bucket],
  [["buckets", null, "groups", null], group],
  [["buckets", null, "collections", null], collection],
  [["buckets", null, "collections", null, "records", null], record],
];

let present = new AbortController();
let isFirst = true;
let helloFor;

/** Shows the page of an address; a page that nobody waits for any more is given up. */
async function show({ parts, query }) {
  present.abort();
  const mine = (present = new AbortController());
  clearMessages();
  const view = viewOf(parts);
  try {
    await learn();
    if (mine.signal.aborted) return;
    const found = await view({ parts, query, signal: mine.signal });
    if (mine.signal.aborted) return;
    showPage(found, isFirst);
    isFirst = false;
    sayWhatWasKept();
  } catch (error) {
    if (mine.signal.aborted || isAbort(error)) return;
    showPage(failed(parts, error));
  }
}

function viewOf(parts) {
  const fits = ([pattern]) =>
    pattern.length === parts.length && pattern.every((one, at) => one === null || one === parts[at]);
  return VIEWS.find(fits)?.[1] ?? nowhere;
}

/** Asks the server about itself, once for each user. */
async function learn() {
  if (info() !== null && helloFor === authorization()) return;
  helloFor = authorization();
  remember(await hello());
  showUser();
  notice(isReadOnly() ? "This server is read-only: nothing can be changed." : "");
}

function failed(parts, error) {
  const back = window.location.hash;
  const mayHelp = error.status === 401 || (error.isRefusal && user() === null);
  const again = h("button", { type: "button", click: () => go(window.location.hash || "#/") }, "Try again");
  const signInLink = h("a", { class: "button", href: `#/sign-in?back=${encodeURIComponent(back)}` }, "Sign in");
  return {
    title: parts.at(-1) ?? "Buckets",
    crumbs: parts.length ? [["Buckets", "#/"]] : [],
    content: h("div", { class: "failed", role: "alert" },
      h("p", {}, inWords(error)), h("div", { class: "buttons" }, mayHelp ? signInLink : null, again)),
  };
}

/** Comes back from the page of a provider, whose token does not stay in the address. */
async function arrive() {
  const { hash } = window.location;
  if (!isReturn(hash)) return null;
  window.history.replaceState(null, "", "#/sign-in");
  const { back, problem } = await returnFromProvider(hash, (await hello()).capabilities);
  window.history.replaceState(null, "", back);
  return problem;
}

configure({ authorization, activity: showActivity, alert: showAlert });
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
const problem = await arrive().catch((error) => inWords(error));
start(show);
if (problem) complain(problem);
