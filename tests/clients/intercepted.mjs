// Libraries whose hosts are hard-coded, through `tokenstorm serve --intercept`; as intercepted.py.
//
//     tokenstorm serve --intercept --profile google -- node tests/clients/intercepted.mjs google
import assert from "node:assert/strict";

const { TOKENSTORM_CONTROL_URL: CONTROL, TOKENSTORM_CLIENT_ID: ID, TOKENSTORM_CLIENT_SECRET: SECRET } = process.env;

async function control(path, body) {
  const answer = await fetch(CONTROL + path, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
  return answer.json();
}

const libraries = {
  // oauth2.googleapis.com and www.googleapis.com, profile google.
  async google() {
    const { UserRefreshClient } = await import("google-auth-library");
    const { refresh_token } = await control("/login", { client: ID });
    const client = new UserRefreshClient({ clientId: ID, clientSecret: SECRET, refreshToken: refresh_token, forceRefreshOnFailure: true });
    const ask = () => client.request({ url: "https://www.googleapis.com/drive/v3/files" });
    assert.equal((await ask()).data.host, "www.googleapis.com");
    await control("/revoke", { token: client.credentials.access_token });
    assert.equal((await ask()).status, 200, "it renews by itself");
    await control("/revoke", { client: ID });
    await assert.rejects(ask, /invalid_grant/);
  },
};

for (const name of process.argv.slice(2)) {
  await libraries[name]();
  console.log(name, "ok");
}
