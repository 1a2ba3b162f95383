/**
 * JSON as it came: numbers that JavaScript cannot hold keep their digits, and places in a text are
 * known by what stands there.
 */

const keepsSource = typeof JSON.rawJSON === "function";

/** The value of a text; a number that would change is kept as it is written. */
export function parse(text) {
  if (!keepsSource) return JSON.parse(text);
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context && String(value) !== context.source
      ? JSON.rawJSON(context.source)
      : value,
  );
}

/** The text of a value, over several lines. */
export function format(value) {
  return JSON.stringify(value, null, 2);
}

/** A value in few words, for a cell of a table. */
export function brief(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether two values are the same, whatever the order of their fields. */
export function same(one, other) {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object" || isNumber(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function isNumber(value) {
  return keepsSource && JSON.isRawJSON(value);
}

/** Whether a value has fields. */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !isNumber(value);
}

/** What is wrong with a text, with its offset. */
export class Malformed extends Error {
  constructor(message, offset) {
    super(message);
    this.offset = offset;
  }
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/**
 * The places of all fields of a text: `{name, depth, start, end}`, from its name to its value.
 *
 * @throws {Malformed} the text is no JSON.
 */
export function fields(text) {
  const found = [];
  let at = 0;

  function skip(pattern) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match?.[0];
  }

  function need(character, wanted) {
    skip(SPACE);
    if (text[at] !== character) throw new Malformed(`expected ${wanted}`, at);
    at += 1;
  }

  function value(depth) {
    skip(SPACE);
    if (text[at] === "{") members(depth);
    else if (text[at] === "[") items(depth);
    else if (skip(TEXT) === undefined && skip(SCALAR) === undefined) {
      throw new Malformed(text[at] === '"' ? "this text does not end well" : "expected a value", at);
    }
    const end = at;
    skip(SPACE);
    return end;
  }

  function members(depth) {
    at += 1;
    skip(SPACE);
    if (text[at] === "}") return void (at += 1);
    do {
      skip(SPACE);
      const start = at;
      const name = skip(TEXT);
      if (name === undefined) throw new Malformed('expected a name in "quotes"', at);
      need(":", "a colon after the name");
      const end = value(depth + 1);
      found.push({ name: JSON.parse(name), depth, start, end });
    } while (text[at] === "," && (at += 1));
    need("}", "a comma, or } at the end");
  }

  function items(depth) {
    at += 1;
    skip(SPACE);
    if (text[at] === "]") return void (at += 1);
    do value(depth + 1);
    while (text[at] === "," && (at += 1));
    need("]", "a comma, or ] at the end");
  }

  value(0);
  if (at < text.length) throw new Malformed("nothing may follow here", at);
  return found;
}

/** The line of an offset, from one. */
export function lineOf(text, offset) {
  return text.slice(0, offset).split("\n").length;
}
