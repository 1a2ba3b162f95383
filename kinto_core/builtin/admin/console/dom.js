/** Makes elements. What is given as text becomes text, never markup. */

/**
 * An element.
 *
 * @param {string} name of the element.
 * @param {object} [attributes] functions listen to the event of their name; true and false set
 *     attributes without a value; undefined and null are left out.
 * @param {...*} children nodes, texts, lists of them; null, undefined and false are left out.
 */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== undefined && value !== null && value !== false) {
      made.setAttribute(key, String(value));
    }
  }
  fill(made, children);
  return made;
}

/** Puts other children into an element; see `h`. */
export function fill(element, ...children) {
  const kept = children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false);
  element.replaceChildren(...kept.map((one) => (one instanceof Node ? one : String(one))));
}

let made = 0;

/** A name for an element that others refer to. */
export function newId(what) {
  made += 1;
  return `${what}-${made}`;
}

/**
 * An input with its label.
 *
 * @returns {{element: Element, input: HTMLInputElement}}
 */
export function field(label, attributes = {}, hint = "") {
  const id = newId("field");
  const described = hint ? `${id}-hint` : undefined;
  const input = h("input", { id, "aria-describedby": described, ...attributes });
  const note = hint ? h("small", { id: described }, hint) : null;
  return { element: h("div", { class: "field" }, h("label", { for: id }, label), input, note), input };
}

/** A select with its label; options are pairs of value and text. */
export function choice(label, options, value) {
  const id = newId("choice");
  const input = h("select", { id }, options.map(([key, text]) => h("option", { value: key }, text)));
  if (options.some(([key]) => key === value)) input.value = value;
  return { element: h("div", { class: "field" }, h("label", { for: id }, label), input), input };
}

/** A moment for people, in their own time zone, and for machines. */
export function time(milliseconds) {
  const date = new Date(Number(milliseconds));
  if (Number.isNaN(date.getTime())) return h("span", {}, "—");
  const shown = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: date.toISOString(), title: String(milliseconds) }, shown);
}

/** A link out of the console; only for addresses of the web, so that no data can run scripts. */
export function outside(address, text) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return h("span", {}, text);
  }
  if (!["http:", "https:"].includes(url.protocol)) return h("span", {}, text);
  return h("a", { href: url.href, rel: "noopener noreferrer", target: "_blank" }, text);
}
