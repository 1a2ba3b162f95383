/** Requests to the server, errors included. The only file that fetches. */

import { parse } from "./json.js";

/** The address of the API: the folder above that of the page. */
export const ROOT = new URL("../", window.location.href.split("#")[0]);

const SECONDS = 60;

/** How much of a list is shown when all of it is wanted. */
export const LONGEST_LIST = 5000;

/** The server's refusal, or that it cannot be reached (status 0). */
export class ApiError extends Error {
  constructor(status, body = {}) {
    super(body.message ?? body.error ?? `status ${status}`);
    this.status = status;
    this.errno = body.errno;
    this.details = body.details;
    this.body = body;
  }

  /** Whether somebody else might be allowed to. */
  get isRefusal() {
    return this.status === 401 || this.status === 403;
  }

  /** What is wrong with single fields: `{location, name, description}`. */
  get faults() {
    return Array.isArray(this.details) ? this.details.filter((one) => one?.description) : [];
  }
}

const settings = { authorization: () => null, activity: () => {}, alert: () => {} };
let waiting = 0;

/** Says how requests are authorized, and who wants to know of them. */
export function configure(given) {
  Object.assign(settings, given);
}

/**
 * Sends a request.
 *
 * @param {string} method in capitals.
 * @param {string} path below the API, encoded, with its query.
 * @param {object} [options] `body`: a text, or a value to make one from; `headers`; `signal`.
 * @returns {Promise<{body: *, headers: Headers}>}
 * @throws {ApiError} the server refuses, or cannot be reached.
 */
export async function request(method, path, { body, headers = {}, signal } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return watched(async () => {
    const response = await answer(method, path, { headers: sent, body: text, signal });
    const told = await response.text();
    const read = told ? parsed(told, response.status) : undefined;
    if (!response.ok) throw new ApiError(response.status, read);
    return { body: read, headers: response.headers };
  });
}

/** The bytes of a file, as a blob. */
export async function download(path) {
  return watched(async () => {
    const response = await answer("GET", path, { headers: {} });
    if (response.ok) return response.blob();
    throw new ApiError(response.status, parsed(await response.text(), response.status));
  });
}

/** Does something while others know that somebody waits. */
async function watched(work) {
  waiting += 1;
  settings.activity(waiting);
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    const isLate = error.name === "TimeoutError";
    throw new ApiError(0, { message: isLate ? `no answer within ${SECONDS} seconds` : "no connection" });
  } finally {
    waiting -= 1;
    settings.activity(waiting);
  }
}

async function answer(method, path, { headers, signal, body }) {
  const authorization = settings.authorization();
  const response = await fetch(new URL(path.replace(/^\//, ""), ROOT), {
    method,
    body,
    headers: authorization ? { ...headers, Authorization: authorization } : headers,
    signal: within(signal),
    cache: "no-store",
    credentials: "omit",
  });
  settings.alert(response.headers.get("Alert"));
  return response;
}

function parsed(text, status) {
  try {
    return parse(text);
  } catch {
    throw new ApiError(status, { message: "the answer is no JSON; is there a proxy in between?" });
  }
}

function within(signal) {
  const late = AbortSignal.timeout(SECONDS * 1000);
  return signal && AbortSignal.any ? AbortSignal.any([signal, late]) : (signal ?? late);
}

/** A path from its parts, which are encoded; with a query. */
export function pathOf(parts, query = {}) {
  const path = parts.map((one) => `/${encodeURIComponent(one)}`).join("");
  const search = new URLSearchParams(query).toString();
  return search ? `${path}?${search}` : path;
}

/**
 * One page of a list.
 *
 * @returns {Promise<{items: object[], next: ?string}>} `next`: the path of the page after it.
 */
export async function page(path, signal) {
  const { body, headers } = await request("GET", path, { signal });
  const next = headers.get("Next-Page");
  const search = next ? new URL(next, ROOT).search : "";
  return { items: body.data, next: next ? path.split("?")[0] + search : null };
}

/** All pages of a list, up to a length that can be shown. */
export async function everything(path, signal) {
  const items = [];
  for (let next = path; next && items.length < LONGEST_LIST; ) {
    const found = await page(next, signal);
    items.push(...found.items);
    next = found.next;
  }
  return items;
}

/** How many objects a list has. */
export async function count(path, signal) {
  const { headers } = await request("HEAD", path, { signal });
  return Number(headers.get("Total-Objects") ?? headers.get("Total-Records"));
}

/** The precondition that an object is still as it was, or is not there yet. */
export function unchanged(version) {
  return version === null ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` };
}
