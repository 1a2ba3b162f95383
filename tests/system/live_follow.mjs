// Runs the JavaScript client as a command that prints a JSON text for each item, as live_client.py.
// node --experimental-websocket live_follow.mjs MODULE SERVER URI OPTIONS (JSON)

const [module, server, uri, text] = process.argv.slice(2);
const { follow, Refused } = await import(module);

try {
  const onState = (state) => console.error(state);
  for await (const item of follow(server, uri, { ...JSON.parse(text), onState })) {
    if (item.objects) item.objects = Object.fromEntries(item.objects);
    console.log(JSON.stringify(item));
    if (item.type === "ended") break;
  }
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(`The server refuses: ${error.message}`);
  process.exitCode = 1;
}
