// Runs every audit against the address given, prints those that aren't ok, and counts.
import { serverAudits } from "graphql-http";

const url = process.argv[2];
const audits = serverAudits({ url, fetchFn: fetch });
let ok = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === "ok") ok += 1;
  else console.log(`${result.status}: ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`${ok} of ${audits.length} audits are ok.`);
process.exit(ok === audits.length && ok > 0 ? 0 : 1);
