// oidc-provider with one client that has tokens of its own and asks what they are worth; opaque tokens, its store in memory.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const listening = createServer();
listening.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${listening.address().port}`;
  const provider = new Provider(url, {
    clients: [{ client_id: "app", client_secret: "secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
    features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: 3600 },
  });
  listening.on("request", provider.callback());
  console.log(url);
});
