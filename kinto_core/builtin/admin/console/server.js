/** What the server said of itself and of the person, for all views. */

const known = { info: null };

/** Notes what the server said. */
export function remember(info) {
  known.info = info;
}

/** What the root view said. */
export function info() {
  return known.info;
}

/** Whether a feature is there. */
export function has(capability) {
  return Boolean(known.info?.capabilities[capability]);
}

/** Who is signed in: `{id, principals, bucket}`; null: nobody. */
export function user() {
  return known.info?.user ?? null;
}

/** Whether nothing can be written. */
export function isReadOnly() {
  return Boolean(known.info?.settings.readonly);
}

