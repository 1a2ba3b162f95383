/** The first page: all buckets. */

import { h } from "../dom.js";
import { has, user } from "../server.js";
import { children } from "./children.js";

/** Shows the buckets. */
export async function home({ signal }) {
  const own = has("default_bucket") && user()
    ? h("p", {}, h("a", { href: "#/buckets/default" }, "Your personal bucket"))
    : null;
  return { title: "Buckets", content: [own, ...(await children(["buckets"], signal))] };
}
