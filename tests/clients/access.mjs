// OAuth clients that nobody here wrote, against a provider that really invalidates; as access.py.
//
//     npm install simple-oauth2 oauth4webapi openid-client @badgateway/oauth2-client
//     tokenstorm serve --profile zoom-s2s-2022 -- node tests/clients/access.mjs
import { ClientCredentials } from "simple-oauth2";
import * as o4w from "oauth4webapi";
import * as oc from "openid-client";
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
const U = process.env.TOKENSTORM_URL, ID = process.env.TOKENSTORM_CLIENT_ID, SECRET = process.env.TOKENSTORM_CLIENT_SECRET;
const kill = async () => { const r = await fetch(`${U}/as/killer/oauth/token`, { method: "POST", headers: { authorization: "Basic " + btoa(`${ID}:${SECRET}`) }, body: new URLSearchParams({ grant_type: "client_credentials" }) }); if (r.status !== 200) throw new Error("kill " + r.status); };
const api = async (who, token) => (await fetch(`${U}/as/${who}/v2/x`, { headers: { authorization: `Bearer ${token}` } })).status;
const check = async (who, token) => { const a = await api(who, token); await kill(); const b = await api(who, token); if (a !== 200 || b !== 401) throw new Error(`${who} ${a} ${b}`); console.log(who, "ok"); };
{ const c = new ClientCredentials({ client: { id: ID, secret: SECRET }, auth: { tokenHost: U, tokenPath: "/as/simple/oauth/token" } });
  await check("simple-oauth2", (await c.getToken({})).token.access_token);
  await check("simple-oauth2", (await c.getToken({ grant_type: "account_credentials", account_id: "1" })).token.access_token); }
{ const as = { issuer: U, token_endpoint: `${U}/as/o4w/oauth/token` }, client = { client_id: ID };
  const r = await o4w.clientCredentialsGrantRequest(as, client, o4w.ClientSecretBasic(SECRET), new URLSearchParams(), { [o4w.allowInsecureRequests]: true });
  const t = await o4w.processClientCredentialsResponse(as, client, r); await check("oauth4webapi", t.access_token); }
{ const config = await oc.discovery(new URL(U + "/as/openid"), ID, SECRET, undefined, { execute: [oc.allowInsecureRequests], algorithm: "oauth2" }).catch(e => { console.log("discovery", e.code, e.message, e.cause); return null; });
  const c = config ?? new oc.Configuration({ issuer: U, token_endpoint: `${U}/as/openid/oauth/token` }, ID, SECRET);
  if (!config) oc.allowInsecureRequests(c);
  const t = await oc.clientCredentialsGrant(c); await check("openid-client", t.access_token);
  const z = await oc.genericGrantRequest(c, "account_credentials", { account_id: "1" }); await check("openid-client", z.access_token); }
{ const c = new OAuth2Client({ server: U, tokenEndpoint: "/as/badgateway/oauth/token", clientId: ID, clientSecret: SECRET });
  const f = new OAuth2Fetch({ client: c, getNewToken: () => c.clientCredentials() });
  const a = (await f.fetch(`${U}/as/badgateway/v2/x`)).status; await kill(); const b = (await f.fetch(`${U}/as/badgateway/v2/x`)).status;
  console.log("badgateway", a, b, "(renews by itself)"); f.stopAutoRefresh?.(); process.exitCode = a === 200 && b === 200 ? 0 : 1; }
process.exit();
