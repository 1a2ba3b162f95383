/** A field for a JSON object: says where a text is no JSON, and shows faults where they are. */

import { button } from "./actions.js";
import { fill, h, newId } from "./dom.js";
import { Malformed, fields, format, isObject, lineOf, parse } from "./json.js";

const LEAST_LINES = 6;
const MOST_LINES = 28;

/**
 * An editor.
 *
 * @param {string} label of the field.
 * @param {object} value at first.
 * @param {string} [hint] what to know about it.
 */
export class Editor {
  constructor(label, value, hint = "") {
    const id = newId("editor");
    this.faults = h("ul", { class: "faults", id: `${id}-faults` });
    this.input = h("textarea", {
      id,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      wrap: "off",
      "aria-describedby": `${id}-hint ${id}-faults`,
      input: () => this.look(),
    });
    this.element = h("div", { class: "editor" },
      h("label", { for: id }, label),
      h("small", { id: `${id}-hint` }, hint),
      this.input,
      this.faults,
      h("p", { class: "tools" }, button("Tidy up", () => this.tidy(), { class: "plain" })),
    );
    this.reset(value);
  }

  /** Starts anew with a value. */
  reset(value) {
    this.original = format(value);
    this.input.value = this.original;
    this.resize();
    this.show([]);
  }

  get text() {
    return this.input.value;
  }

  get isDirty() {
    return this.text !== this.original;
  }

  /** The value; null, with the fault shown, when the text is no JSON object. */
  value() {
    const fault = this.fault();
    this.show(fault ? [fault] : []);
    if (fault) {
      this.select(fault.start, fault.end);
      return null;
    }
    return parse(this.text);
  }

  /** What is wrong with the text by itself. */
  fault() {
    try {
      fields(this.text);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      const start = Math.min(error.offset, Math.max(0, this.text.length - 1));
      return { description: error.message, start, end: start + 1 };
    }
    if (isObject(parse(this.text))) return null;
    return { description: "expected an object: { … }", start: 0, end: this.text.length };
  }

  /** Shows what the server says of single fields, where they are. */
  showFaults(told) {
    const places = fields(this.text).sort((one, other) => one.depth - other.depth);
    this.show(told.map(({ name, description }) => {
      const key = String(name ?? "").split(".").at(-1);
      const place = places.find((one) => one.name === key);
      return { name, description, start: place?.start ?? 0, end: place?.end ?? 0 };
    }));
    const first = this.faults.querySelector("button");
    if (first) first.click();
  }

  show(faults) {
    this.input.setAttribute("aria-invalid", String(faults.length > 0));
    fill(this.faults, faults.map((one) => {
      const line = lineOf(this.text, one.start);
      const jump = h("button", {
        type: "button",
        class: "plain",
        click: () => this.select(one.start, one.end),
      }, `Line ${line}`);
      return h("li", {}, jump, ` ${one.name ? `${one.name}: ` : ""}${one.description}`);
    }));
  }

  /** Looks at the text while it is being written; keeps quiet until it was wrong once. */
  look() {
    this.resize();
    if (this.input.getAttribute("aria-invalid") !== "true") return;
    const fault = this.fault();
    this.show(fault ? [fault] : []);
  }

  tidy() {
    const value = this.value();
    if (value === null) return;
    this.input.value = format(value);
    this.resize();
  }

  select(start, end) {
    this.input.focus();
    this.input.setSelectionRange(start, end);
    const height = this.input.scrollHeight / Math.max(1, this.text.split("\n").length);
    this.input.scrollTop = Math.max(0, (lineOf(this.text, start) - 4) * height);
  }

  resize() {
    const lines = this.text.split("\n").length + 1;
    this.input.rows = Math.max(LEAST_LINES, Math.min(MOST_LINES, lines));
  }
}
