// Uses a server as pages do, through the official JavaScript client; prints what it found as JSON.
// Run by test_clients.py: node javascript_client.js http://host:port/v1

const { default: Kinto, KintoClient } = require("kinto");
const { default: Memory } = require("kinto/lib/cjs/adapters/memory");

const remote = process.argv[2];
const headers = { Authorization: "Basic " + Buffer.from("user:p4ssw0rd").toString("base64") };

async function overHttp(results) {
  const client = new KintoClient(remote, { headers });
  const info = await client.fetchServerInfo();
  results.user = info.user.id.startsWith("basicauth:");
  await client.createBucket("blog", { safe: true });
  await client.bucket("blog").createCollection("articles");
  const articles = client.bucket("blog").collection("articles");
  const created = await articles.batch((batch) => {
    for (let number = 0; number < 30; number++) batch.createRecord({ number });
  });
  results.created = created.filter((one) => one.status === 201).length;
  const list = await articles.listRecords({ sort: "number", limit: 7, pages: Infinity });
  results.pages = list.data.length;
  const first = list.data[0];
  await articles.updateRecord({ ...first, changed: true }, { safe: true, patch: true });
  await articles.deleteRecord(list.data[1].id);
  results.since = (await articles.listRecords({ since: list.last_modified })).data.length;
  results.conflict = await articles
    .updateRecord(first, { safe: true, last_modified: first.last_modified })
    .then(() => 200, (error) => error.response.status);
  await client.bucket("blog").setPermissions({ read: ["system.Everyone"] });
  results.permissions = (await client.bucket("blog").getPermissions()).read.includes("system.Everyone");
  const change = [{ op: "add", path: "/data/goodnight", value: "moon" }];
  await client.bucket("blog").collection("articles").addPermissions({ read: ["github:n1k0"] });
  const patched = await client.execute({
    method: "PATCH",
    path: `/buckets/blog/collections/articles/records/${list.data[2].id}`,
    headers: { ...headers, "Content-Type": "application/json-patch+json" },
    body: change,
  });
  results.patched = patched.data.goodnight;
  const mixed = await client.batch((batch) => {
    const inside = batch.bucket("blog").collection("articles");
    inside.createRecord({ id: "new" }, { safe: false });
    inside.deleteRecord("missing");
    inside.updateRecord({ id: "new", changed: true });
  });
  results.batch = mixed.map((one) => one.status);
}

function device(name) {
  const adapter = (dbName, options) => new Memory(`${name}/${dbName}`, options);
  return new Kinto({ remote, headers, bucket: "default", adapter }).collection("tasks");
}

async function offlineFirst(results) {
  const [phone, laptop] = [device("phone"), device("laptop")];
  const ids = [];
  for (const title of ["one", "two", "three"]) ids.push((await phone.create({ title })).data.id);
  results.published = (await phone.sync()).published.length;
  results.pulled = (await laptop.sync()).created.length;
  await phone.update({ id: ids[0], title: "server" }, { patch: true });
  await phone.sync();
  await laptop.update({ id: ids[0], title: "client" }, { patch: true });
  await laptop.sync({ strategy: Kinto.syncStrategy.SERVER_WINS });
  results.resolved = (await laptop.get(ids[0])).data.title;
  await laptop.delete(ids[1]);
  await laptop.sync();
  const last = await phone.sync();
  results.removed = last.deleted.length === 1 && (await phone.list()).data.length === 2;
}

(async () => {
  const results = {};
  await overHttp(results);
  await offlineFirst(results);
  console.log(JSON.stringify(results));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
