// PostGraphile on the tables of Flowport, as it is without any settings of ours; it authenticates nobody.
//
//     node postgraphile.mjs DATABASE_URL PORT CONNECTIONS
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { postgraphile } = require("postgraphile");
const { PostGraphileAmberPreset } = require("postgraphile/presets/amber");
const { makePgService } = require("postgraphile/adaptors/pg");
const { grafserv } = require("postgraphile/grafserv/node");

const [connectionString, port, connections] = process.argv.slice(2);
const service = makePgService({ connectionString, schemas: ["public"], poolConfig: { max: Number(connections) } });
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [service],
  grafserv: { graphqlPath: "/graphql", graphiql: false },
};
const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1");
