// PostGraphile on the tables of Flowport, without any settings of ours but for a check of the caller's token, which every
// contender makes with a statement of its own.
//
//     node postgraphile.mjs DATABASE_URL PORT CONNECTIONS
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { Pool } = require("pg");
const { postgraphile } = require("postgraphile");
const { PostGraphileAmberPreset } = require("postgraphile/presets/amber");
const { makePgService } = require("postgraphile/adaptors/pg");
const { grafserv } = require("postgraphile/grafserv/node");

const [connectionString, port, connections] = process.argv.slice(2);
const pool = new Pool({ connectionString, max: Number(connections) });
const TOKEN = {
  name: "token",
  text: "select user_id, secret_hash, expires_at, revoked_at from api_token where id = $1",
};

async function caller(authorization = "") {
  // A secret may have underscores of its own.
  const [, id, secret] = /^Bearer fp_([^_]+)_(.+)$/.exec(authorization) ?? [];
  const { rows } = await pool.query({ ...TOKEN, values: [id] });
  const hash = createHash("sha256").update(secret ?? "").digest();
  if (rows.length === 0 || !timingSafeEqual(hash, rows[0].secret_hash)) throw new Error("The token isn't valid.");
  return rows[0].user_id;
}

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  grafast: { context: async ({ node }) => ({ caller: await caller(node?.req.headers.authorization) }) },
  grafserv: { graphqlPath: "/graphql", graphiql: false },
};
const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1");
