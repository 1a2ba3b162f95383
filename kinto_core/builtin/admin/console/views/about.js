/** What the server says about itself. */

import { ApiError, request } from "../api.js";
import { h, outside } from "../dom.js";
import { table } from "../frame.js";
import { format } from "../json.js";
import { info, user } from "../server.js";

/** Shows the server: versions, health, features, settings. */
export async function about({ signal }) {
  const said = info();
  const features = Object.entries(said.capabilities).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = features.map(([name, entry]) => [
    h("code", {}, name),
    String(entry.description ?? ""),
    entry.version ? String(entry.version) : "",
    entry.url ? outside(entry.url, "Manual") : "",
  ]);
  const content = [
    facts([
      ["Software", `${said.project_name} ${said.project_version}`],
      ["Protocol", said.http_api_version],
      ["Address", said.url],
      ["You are", user()?.id ?? "nobody in particular"],
      ["Your principals", user()?.principals?.join(", ") ?? "system.Everyone"],
      ["Requests in a batch", said.settings.batch_max_requests],
      ["Writing", said.settings.readonly ? "switched off" : "possible"],
    ]),
    h("h2", {}, "Health"),
    await health(signal),
    h("h2", {}, "Features"),
    table("Features", ["Name", "What it is", "Version", ""], rows, "None."),
    h("details", {}, h("summary", {}, "All that it says"), h("pre", { tabindex: 0 }, format(said))),
  ];
  return { title: "Server", content };
}

function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

async function health(signal) {
  let checks;
  try {
    checks = (await request("GET", "/__heartbeat__", { signal })).body;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 503) throw error;
    checks = error.body;
  }
  const words = (value) => (value === null ? "does not apply" : value ? "well" : "NOT WELL");
  const rows = Object.entries(checks ?? {}).map(([name, value]) => [
    h("code", {}, name),
    h("span", { class: value === false ? "bad" : value ? "good" : "faint" }, words(value)),
  ]);
  return table("Health", ["Check", "State"], rows, "The server does not say.");
}
