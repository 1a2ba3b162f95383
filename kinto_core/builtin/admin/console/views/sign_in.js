/** The ways to sign in that the server offers. */

import { form, button } from "../actions.js";
import { field, h } from "../dom.js";
import { complain } from "../messages.js";
import { go } from "../router.js";
import { info } from "../server.js";
import { leaveForProvider, methods, signInWithPassword, signOut } from "../session.js";

const HINTS = {
  accounts: "An account of this server.",
  basicauth: "Every pair of name and password is a user of its own: a mistyped one is somebody else.",
};

/** Shows a form or a button for each way. */
export async function signIn({ query }) {
  const back = query.back?.startsWith("#/") ? query.back : "#/";
  const ways = methods(info().capabilities).map((way) =>
    way.kind === "openid" ? withProvider(way, back) : withPassword(way, back));
  const nobody = h("section", { class: "card" },
    h("h2", {}, "Nobody in particular"),
    h("p", { class: "faint" }, "See what everybody may see."),
    button("Go on without signing in", () => {
      signOut();
      go(back);
    }));
  return { title: "Sign in", content: h("div", { class: "cards" }, ways, nobody) };
}

function withPassword({ kind, label }, back) {
  const name = field("Name", { name: "name", autocomplete: "username", required: true, spellcheck: "false" });
  const password = field("Password", { type: "password", autocomplete: "current-password" });
  return form({ class: "card", "data-kind": kind }, async () => {
    const said = await signInWithPassword(kind, name.input.value, password.input.value);
    if (said === null) {
      complain("The server does not know this name and password.");
      password.input.select();
      return;
    }
    go(back);
  }, h("h2", {}, label), h("p", { class: "faint" }, HINTS[kind]),
  name.element, password.element, h("button", {}, "Sign in"));
}

function withProvider({ label, provider }, back) {
  return h("section", { class: "card" },
    h("h2", {}, label),
    h("p", { class: "faint" }, `You will be led to ${provider.issuer} and back.`),
    button(`Sign in at ${provider.name}`, () => leaveForProvider(provider, back)));
}
