/** Errors of the server in words. */

import { ApiError } from "./api.js";

const MEANINGS = {
  104: "You are not signed in, or the server does not know these credentials",
  105: "The credentials are not valid any more",
  106: "The body could not be read",
  107: "The server does not accept this",
  109: "A field that is needed is missing",
  110: "This does not exist",
  111: "There is nothing at this address",
  113: "This is too large for the server",
  114: "This was changed by somebody else meanwhile",
  115: "The server does not offer this",
  117: "These are too many requests, please wait a little",
  121: "You are not allowed to do this",
  122: "Another write came in between, please try again",
  123: "There would be more than the quota allows",
  201: "The server is overloaded or being maintained, please try again later",
  202: "The service has ended",
  999: "The server made a mistake; its log says more",
};

/** Whether an error only says that nobody waits for the answer any more. */
export function isAbort(error) {
  return error?.name === "AbortError";
}

/** What happened, for people, with the number that the protocol gives it. */
export function inWords(error) {
  if (!(error instanceof ApiError)) return `The console made a mistake: ${error?.message ?? error}`;
  if (error.status === 0) return `The server cannot be reached: ${error.message}.`;
  const meaning = MEANINGS[error.errno] ?? `The server answered with status ${error.status}`;
  const number = error.errno === undefined ? "" : ` (errno ${error.errno})`;
  return `${meaning}: ${String(error.message).replace(/\.$/, "")}${number}.`;
}
