/**
 * Who is signed in. Credentials live in the session storage of this tab and nowhere else: closing
 * the tab forgets them, and so does signing out.
 */

import { ROOT, request } from "./api.js";

const KEY = `kinto-admin:${ROOT.pathname}`;
const LOGIN = `${KEY}:login`;

/** The header that authorizes requests; null: nobody is signed in. */
export function authorization() {
  return window.sessionStorage.getItem(KEY);
}

/** Forgets who was signed in. */
export function signOut() {
  window.sessionStorage.removeItem(KEY);
  window.sessionStorage.removeItem(LOGIN);
}

/** What the server says about itself and about who asks. */
export async function hello() {
  const { body } = await request("GET", "/");
  return body;
}

/** The ways to sign in that a server offers: `{kind, label, provider}`. */
export function methods(capabilities) {
  const found = [];
  if (capabilities.accounts) found.push({ kind: "accounts", label: "Account" });
  for (const provider of capabilities.openid?.providers ?? []) {
    found.push({ kind: "openid", label: `OpenID Connect: ${provider.name}`, provider });
  }
  if (capabilities.basicauth) found.push({ kind: "basicauth", label: "Any name and password" });
  return found;
}

/**
 * Signs in with a name and a password.
 *
 * @returns {Promise<?object>} what the server says then; null: it does not know them.
 */
export async function signInWithPassword(kind, name, password) {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return keepIfKnown(`Basic ${btoa(String.fromCharCode(...bytes))}`, kind);
}

async function keepIfKnown(header, kind) {
  const before = authorization();
  window.sessionStorage.setItem(KEY, header);
  let said = null;
  try {
    said = await hello();
  } finally {
    if (!isMeant(said?.user, kind)) restore(before);
  }
  return isMeant(said?.user, kind) ? said : null;
}

/** Whether a user is one of the chosen kind: a wrong password of an account may be right for others. */
function isMeant(user, kind) {
  return Boolean(user) && (kind !== "accounts" || !user.id.startsWith("basicauth:"));
}

function restore(header) {
  if (header) window.sessionStorage.setItem(KEY, header);
  else window.sessionStorage.removeItem(KEY);
}

/** Leaves for the page of a provider, which leads back here. */
export function leaveForProvider(provider, back) {
  const state = randomText();
  window.sessionStorage.setItem(LOGIN, JSON.stringify({ state, name: provider.name, back }));
  const page = window.location.href.split("#")[0];
  const query = new URLSearchParams({
    callback: `${page}#login=${state}&token=`,
    scope: "openid email",
  });
  window.location.assign(new URL(`${provider.auth_path.replace(/^\//, "")}?${query}`, ROOT));
}

/** Whether an address is one that a provider's page leads back to. */
export function isReturn(hash) {
  return hash.startsWith("#login=");
}

/**
 * Signs in with what a provider's page led back with.
 *
 * @returns {Promise<{back: string, problem: ?string}>} where the person was, and what went wrong.
 */
export async function returnFromProvider(hash, capabilities) {
  const given = new URLSearchParams(hash.slice(1).replaceAll("+", "%2B"));
  const login = JSON.parse(window.sessionStorage.getItem(LOGIN) ?? "null");
  window.sessionStorage.removeItem(LOGIN);
  if (!login || login.state !== given.get("login")) {
    return { back: "#/sign-in", problem: "This is not the login that was begun here; sign in again." };
  }
  const said = decoded(given.get("token") ?? "");
  if (!said?.access_token) {
    const why = [said?.error, said?.error_description].filter(Boolean).join(": ");
    return { back: "#/sign-in", problem: `The provider let nobody in: ${why || "no reason given"}.` };
  }
  const providers = capabilities.openid?.providers ?? [];
  const scheme = providers.find((one) => one.name === login.name)?.header_type ?? "Bearer";
  const known = await keepIfKnown(`${scheme} ${said.access_token}`, "openid");
  if (known) return { back: login.back, problem: null };
  return { back: "#/sign-in", problem: "The server does not accept the token of the provider." };
}

function decoded(text) {
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(plain, (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function randomText() {
  const bytes = window.crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}
