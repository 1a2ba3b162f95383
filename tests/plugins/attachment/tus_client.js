// Sends a file with tus-js-client, over a connection that breaks.
// Arguments: the URL of the record's uploads, the path of the file. Writes what happened as JSON.
const fs = require("fs");
const tus = require("tus-js-client");

const [endpoint, path] = process.argv.slice(2);
const places = [];

const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint,
  retryDelays: [20, 50, 100, 200, 500, 1000],
  headers: { Authorization: "Basic " + Buffer.from("alice:secret").toString("base64") },
  metadata: { filename: "made.txt", filetype: "text/plain" },
  onAfterResponse(request, response) {
    if (request.getMethod() === "HEAD") places.push(Number(response.getHeader("Upload-Offset")));
  },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(JSON.stringify({ places }));
    process.exit(0);
  },
});
upload.start();
