/** The file of a record: its name as a link, its size and type. */

import { button } from "../actions.js";
import { ROOT, download } from "../api.js";
import { h, outside } from "../dom.js";
import { isObject } from "../json.js";
import { info } from "../server.js";

const HERE = `${ROOT}attachments/`;

/**
 * The file of a record; null: it has none.
 *
 * @param {*} told the field `attachment` of the record.
 * @param {boolean} isPrivate whether it is given to those only who may read the record.
 */
export function attachment(told, isPrivate) {
  if (!isObject(told) || typeof told.location !== "string") return null;
  const location = addressOf(told.location);
  const name = String(told.filename ?? told.location);
  const link = isPrivate && location.startsWith(HERE)
    ? button(name, () => keep(location, name), { class: "plain" })
    : outside(location, name);
  const size = typeof told.size === "number" ? bytes(told.size) : "";
  const more = [size, told.mimetype].filter(Boolean).join(", ");
  return h("p", { class: "card attachment" }, "Attachment: ", link, h("span", { class: "faint" }, ` ${more}`));
}

function addressOf(location) {
  if (/^https?:/.test(location)) return location;
  const base = info().capabilities.attachments?.base_url || HERE;
  return `${base.replace(/\/$/, "")}/${location.replace(/^\//, "")}`;
}

/** Fetches a file as the person who is signed in, which a link cannot, and lets the browser save it. */
async function keep(location, name) {
  const address = URL.createObjectURL(await download(location.slice(ROOT.href.length)));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function bytes(count) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** step;
  return `${step && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}
