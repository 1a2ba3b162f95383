/** Addresses of the console: `#/buckets/blog?tab=groups`. Each is a link that can be kept. */

/** The parts and the query of an address. */
export function parseAddress(hash) {
  const [path, search = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter(Boolean).map(decode);
  return { parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of parts and a query; empty values are left out. */
export function address(parts, query = {}) {
  const path = parts.map((one) => `/${encodeURIComponent(one)}`).join("") || "/";
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(kept).toString();
  return `#${path}${search ? `?${search}` : ""}`;
}

/** The address that shows an object of the API, by its URI. */
export function addressOf(uri, query = {}) {
  return address(uri.split("/").filter(Boolean).map(decode), query);
}

/** Goes to an address, even if it is the present one. */
export function go(target) {
  if (window.location.hash === target) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else window.location.hash = target;
}

let isDirty = () => false;
let shown = "";

/** Says how to know whether something would be lost by leaving. */
export function guard(question) {
  isDirty = question;
}

/** Nothing is lost by leaving. */
export function unguard() {
  isDirty = () => false;
}

/** Calls back for each address, now and later, unless somebody wants to stay. */
export function start(show) {
  shown = window.location.hash;
  window.addEventListener("hashchange", () => {
    if (window.location.hash !== shown && isDirty() && !window.confirm("Leave without saving?")) {
      window.history.replaceState(null, "", shown || "#/");
      return;
    }
    shown = window.location.hash;
    unguard();
    show(parseAddress(shown));
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty()) event.preventDefault();
  });
  show(parseAddress(shown));
}
