/** Who changed what and when. */

import { button } from "../actions.js";
import { page, pathOf } from "../api.js";
import { fill, h, time } from "../dom.js";
import { table } from "../frame.js";
import { format } from "../json.js";
import { addressOf } from "../router.js";

const PAGE = 30;

/**
 * The history of a bucket, or of something in it.
 *
 * @param {string} bucket its name.
 * @param {object} wanted filters, such as `{uri}`.
 */
export async function history(bucket, wanted, signal) {
  const path = pathOf(["buckets", bucket, "history"], { ...wanted, _limit: PAGE });
  const first = await page(path, signal);
  const entries = [...first.items];
  let next = first.next;
  const place = h("div");
  const foot = h("div", { class: "foot" });
  const more = button("Show more", async () => {
    const found = await page(next);
    entries.push(...found.items);
    next = found.next;
    show();
  });

  function show() {
    fill(place, table("History", ["When", "What", "Where", "Who", ""], entries.map((one) => cells(one, bucket)),
      "Nothing was written down that you may see."));
    fill(foot, next ? more : null);
  }

  show();
  return [place, foot];
}

function cells(entry, bucket) {
  const isThere = entry.action !== "delete";
  const place = shortened(entry.uri, bucket);
  return [
    time(entry.target?.data?.last_modified ?? entry.last_modified),
    `${entry.action} ${entry.resource_name}`,
    isThere ? h("a", { href: addressOf(entry.uri) }, place) : place,
    h("code", { class: "who", title: entry.user_id }, entry.user_id),
    h("details", {}, h("summary", {}, "Then"), h("pre", { tabindex: 0 }, format(entry.target ?? {}))),
  ];
}

/** A URI without the bucket, which everybody knows here. */
function shortened(uri, bucket) {
  const inside = uri.split("/").slice(3).join("/");
  return inside || `the bucket ${bucket === "default" ? uri.split("/")[2] : bucket}`;
}
