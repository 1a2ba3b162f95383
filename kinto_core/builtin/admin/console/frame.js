/** What all pages have: the person in the corner, a title with the way to it, and tabs. */

import { button } from "./actions.js";
import { fill, h } from "./dom.js";
import { sayThere } from "./messages.js";
import { address, go } from "./router.js";
import { has, info, user } from "./server.js";
import { signOut } from "./session.js";

const at = (id) => document.getElementById(id);

/** Shows who is signed in, and the way in or out. */
export function showUser() {
  const who = user();
  const name = info()?.project_name ?? "Kinto";
  fill(at("project"), name);
  if (who === null) {
    fill(at("user"), h("a", { href: "#/sign-in" }, "Sign in"));
    return;
  }
  const out = button("Sign out", () => {
    signOut();
    done("You are signed out.", "#/sign-in");
  }, { class: "plain", id: "sign-out" });
  fill(at("user"), h("span", { class: "who", title: who.id }, who.id), out);
}

/**
 * Shows a page, and tells people where they are: in the title, and by the focus.
 *
 * @param {object} shown `title`; `crumbs`: pairs of text and address of what is above; `content`;
 *     `kind`: what the title names; `tabs`: from `tabs`.
 * @param {boolean} keepsFocus whether this is the page as before, only later.
 */
export function showPage({ title, kind = "", crumbs = [], tabs = null, content }, keepsFocus = false) {
  document.title = `${title} – ${info()?.project_name ?? "Kinto"} administration`;
  const way = crumbs.length
    ? h("nav", { "aria-label": "Way", class: "crumbs" },
        h("ol", {}, crumbs.map(([text, to]) => h("li", {}, h("a", { href: to }, text)))))
    : null;
  const head = h("h1", { tabindex: -1 }, kind ? h("span", { class: "kind" }, `${kind} `) : null, title);
  fill(at("main"), way, head, tabs, content);
  if (!keepsFocus) head.focus();
  for (const link of at("navigation").querySelectorAll("a")) {
    const isHere = crumbs.length ? link.hash === "#/" : link.textContent === title;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Links to the parts of an object: pairs of key and text; one without key is left out. */
export function tabs(parts, named, current) {
  const links = named.filter(Boolean).map(([key, text], index) =>
    h("a", {
      href: address(parts, index === 0 ? {} : { tab: key }),
      "aria-current": key === current ? "page" : undefined,
    }, text),
  );
  return h("nav", { class: "tabs", "aria-label": "Parts" }, links);
}

/** The tab of an object's history, where there is history. */
export function historyTab() {
  return has("history") ? ["history", "History"] : null;
}

/** Goes to an address and says what was done. */
export function done(text, target) {
  sayThere(text);
  go(target);
}

/** A table: heads, and rows of cells; cells are nodes or texts. */
export function table(label, heads, rows, empty) {
  if (rows.length === 0) return h("p", { class: "empty" }, empty);
  return h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 },
    h("table", {},
      h("caption", { class: "unseen" }, label),
      h("thead", {}, h("tr", {}, heads.map((one) => (one instanceof Node ? one : h("th", { scope: "col" }, one))))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}
