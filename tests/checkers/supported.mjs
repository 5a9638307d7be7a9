// What the mail programs of readers don't support of the HTML files named, as JSON: [[level, feature, client], ...]

import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const clients = ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*"];
const found = new Set();
for (const file of process.argv.slice(2)) {
  const { issues } = caniemail({ clients, html: readFileSync(file, "utf8") });
  for (const level of ["errors", "warnings"]) {
    for (const [client, features] of issues[level]) {
      for (const { title } of features) found.add(JSON.stringify([level, title, client.split(".")[0]]));
    }
  }
}
console.log(JSON.stringify([...found].sort().map((one) => JSON.parse(one))));
